import type { Forward } from './forward.ts';
import type { DeviceSession } from './session.ts';

/** The forwards that this process holds, by tunnel and by session: map entries, no port and no timer each. */
export class Forwards {
  readonly #byTunnel = new Map<string, Forward>();
  readonly #bySession = new Map<DeviceSession, Set<Forward>>();
  readonly #byDevice = new Map<string, Set<DeviceSession>>();

  get size(): number {
    return this.#byTunnel.size;
  }

  get channels(): number {
    let count = 0;
    for (const forward of this.#byTunnel.values()) count += forward.streams.size;
    return count;
  }

  get(tunnel: string): Forward | undefined {
    return this.#byTunnel.get(tunnel);
  }

  [Symbol.iterator](): IterableIterator<Forward> {
    return this.#byTunnel.values();
  }

  sessionsOf(device: string): readonly DeviceSession[] {
    return [...(this.#byDevice.get(device) ?? [])];
  }

  of(session: DeviceSession): readonly Forward[] {
    return [...(this.#bySession.get(session) ?? [])];
  }

  sessions(): IterableIterator<DeviceSession> {
    return this.#bySession.keys();
  }

  get sessionCount(): number {
    return this.#bySession.size;
  }

  openSession(session: DeviceSession): void {
    this.#bySession.set(session, new Set());
    const sessions = this.#byDevice.get(session.device) ?? new Set();
    this.#byDevice.set(session.device, sessions.add(session));
  }

  /** Answers what the session still held. */
  closeSession(session: DeviceSession): readonly Forward[] {
    const forwards = this.of(session);
    this.#bySession.delete(session);
    const sessions = this.#byDevice.get(session.device);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#byDevice.delete(session.device);
    for (const forward of forwards) this.remove(forward);
    return forwards;
  }

  isOpen(session: DeviceSession): boolean {
    return this.#bySession.has(session);
  }

  /** The newest epoch wins; answers false when a newer one is here already. */
  add(forward: Forward): boolean {
    const known = this.#byTunnel.get(forward.tunnel);
    if (known !== undefined && known.epoch >= forward.epoch) return false;
    if (known !== undefined) this.remove(known);
    this.#byTunnel.set(forward.tunnel, forward);
    this.#bySession.get(forward.session)?.add(forward);
    return true;
  }

  remove(forward: Forward): void {
    if (this.#byTunnel.get(forward.tunnel) === forward) this.#byTunnel.delete(forward.tunnel);
    this.#bySession.get(forward.session)?.delete(forward);
  }
}

import type { Splice } from '../net/splice.ts';
import type { LocalService } from './config.ts';

/** A tunnel that the cloud asked for and that is to stay open. */
export type Wanted = {
  readonly tunnel: string;
  readonly service: LocalService;
  /** On the monotonic clock: a device's calendar may be wrong. */
  endsAt: number;
  /** 0: never. */
  readonly idleMilliseconds: number;
  /** On the monotonic clock: when a stream or the forward itself last began or ended. */
  usedAt: number;
  readonly streams: Set<Splice>;
  /** Carried by streams that have ended. */
  bytes: number;
  /** The relay where its forward stands now. */
  serverId: string | undefined;
  /** It stood somewhere once: the operator has an address. */
  opened: boolean;
};

/** What a tunnel has carried in all, both ways. */
export const carried = (wanted: Wanted): number => {
  let bytes = wanted.bytes;
  for (const stream of wanted.streams) bytes += stream.bytesAtoB + stream.bytesBtoA;
  return bytes;
};

/** Nobody has used its forward for its idle limit and so much longer. */
export const isIdle = (wanted: Wanted, grace: number, now: number): boolean =>
  wanted.idleMilliseconds > 0 &&
  wanted.serverId !== undefined &&
  wanted.streams.size === 0 &&
  now - wanted.usedAt >= wanted.idleMilliseconds + grace;

/** The tunnels to keep, by id: asking twice for one is one tunnel. */
export class WantedTunnels {
  readonly #tunnels = new Map<string, Wanted>();
  readonly #now: () => number;

  /** @param now the monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#tunnels.size;
  }

  get(tunnel: string): Wanted | undefined {
    return this.#tunnels.get(tunnel);
  }

  has(wanted: Wanted): boolean {
    return this.#tunnels.get(wanted.tunnel) === wanted;
  }

  [Symbol.iterator](): IterableIterator<Wanted> {
    return this.#tunnels.values();
  }

  add(tunnel: string, about: Pick<Wanted, 'service' | 'endsAt'> & Partial<Pick<Wanted, 'idleMilliseconds'>>): Wanted {
    const wanted: Wanted = {
      ...{ tunnel, idleMilliseconds: 0, ...about },
      ...{ usedAt: this.#now(), streams: new Set(), bytes: 0, serverId: undefined, opened: false },
    };
    this.#tunnels.set(tunnel, wanted);
    return wanted;
  }

  /** The idle limit counts from now. */
  use(wanted: Wanted): void {
    wanted.usedAt = this.#now();
  }

  /** Takes it off the list and cuts its streams. */
  drop(wanted: Wanted, reason: string): void {
    if (!this.has(wanted)) return;
    this.#tunnels.delete(wanted.tunnel);
    for (const stream of wanted.streams) stream.destroy(reason);
  }
}

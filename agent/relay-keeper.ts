import { type AgentLog, textOf } from './log.ts';
import { type Pace, pause } from './pace.ts';
import { type RelayDialer, UnwantedError } from './relay-dialer.ts';
import { DialError, ForwardRefused, type IncomingChannel, type RelayLink, type SessionKey } from './relay-link.ts';
import type { Wanted, WantedTunnels } from './wanted.ts';

/** After the last tunnel the session stays so long, for the next one often comes soon. */
const lingerMilliseconds = 20_000;
/**
 * A forward can be refused while a row is being written or by a relay that drains; more often than this it is meant.
 * A tunnel that stood before has an operator who holds its address: it is given about half a minute.
 */
const forwardTries = { new: 4, held: 9 } as const;
/** Two refusals by a session of this age: its relay may be draining, and takes nothing new. Another one is dialled. */
const agedMilliseconds = 5_000;
/** The cloud gives a tunnel 60 s to open. Somebody waits for it: say so while it can still be told. */
const openMilliseconds = 45_000;

type Session = {
  readonly link: RelayLink;
  readonly key: SessionKey;
  readonly since: number;
  readonly tunnels: Set<Wanted>;
  closed: boolean;
};

export type RelayKeeperParts = {
  readonly wanted: WantedTunnels;
  readonly dialer: Pick<RelayDialer, 'dial' | 'fell' | 'hurry'>;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly log: AgentLog;
  readonly onChannel: (channel: IncomingChannel) => void;
  readonly onOpened: (wanted: Wanted, serverId: string) => void;
  /** The device gives up on it. */
  readonly onFailed: (wanted: Wanted, code: string, detail: string) => void;
};

/**
 * Keeps a session to a relay while there are tunnels, and each of them forwarded through it. There is one session, but
 * while a relay drains: then new tunnels go to another, and those it holds stay until it ends.
 */
export class RelayKeeper {
  readonly #parts: RelayKeeperParts;
  readonly #sessions = new Set<Session>();
  /** Tunnels that are being forwarded now: one loop each, or a relay would see two requests for one tunnel. */
  readonly #opening = new Set<Wanted>();
  #current: Session | undefined;
  #dialing: Promise<Session> | undefined;
  #linger: { cancel(): void } | undefined;

  constructor(parts: RelayKeeperParts) {
    this.#parts = parts;
  }

  /** A tunnel is wanted: it is forwarded, now and whenever its session ends, until it is released. */
  keep(wanted: Wanted): void {
    if (!wanted.opened) this.#parts.dialer.hurry();
    if (this.#opening.has(wanted)) return;
    this.#opening.add(wanted);
    void this.#open(wanted)
      .catch((error: unknown) => this.#gaveUp(wanted, error))
      .then(() => {
        this.#opening.delete(wanted);
        // Its session may have ended, or a new wish come, just as the loop did.
        if (this.#isMissing(wanted) && !this.#parts.signal.aborted) this.keep(wanted);
        else this.#tidy();
      });
  }

  /** The tunnel is not wanted any more. Resolves when its relay knows. */
  async release(wanted: Wanted): Promise<void> {
    for (const session of this.#sessions)
      if (session.tunnels.delete(wanted) && !session.closed) await session.link.cancel(wanted.tunnel);
    this.#tidy();
  }

  /** Whether a session was dialled with another key than this one. */
  holdsOtherKeyThan(key: SessionKey): boolean {
    return [...this.#sessions].some((session) => session.key !== key);
  }

  stop(): void {
    this.#linger?.cancel();
    for (const { link } of this.#sessions) link.end();
  }

  async #open(wanted: Wanted): Promise<void> {
    const { pace, signal, log } = this.#parts;
    const giveUp = pace.timers.schedule(openMilliseconds, () => this.#tooLate(wanted));
    try {
      for (let tries = 0; this.#isMissing(wanted); ) {
        const session = await this.#session();
        if (!this.#isMissing(wanted)) return;
        try {
          await session.link.forward(wanted.tunnel);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ForwardRefused)) {
            // The session ended under it, which says nothing of the tunnel.
            session.link.end();
            this.#closed(session, textOf(error));
            continue;
          }
          tries += 1;
          log('info', 'forward.refused', { tunnel: wanted.tunnel, tries, why: textOf(error) });
          if (tries >= (wanted.opened ? forwardTries.held : forwardTries.new))
            return this.#fail(wanted, 'forward_refused', 'the relay refused the forward');
          if (tries >= 2) this.#retire(session);
          await pause(pace.timers, this.#refusalPause(tries), { signal });
          continue;
        }
        await this.#stands(wanted, session);
      }
    } finally {
      giveUp.cancel();
    }
  }

  /** 100-300 ms, from the fourth on doubling. */
  #refusalPause(tries: number): number {
    return (100 + 200 * this.#parts.pace.random()) * 2 ** Math.max(0, tries - 3);
  }

  async #stands(wanted: Wanted, session: Session): Promise<void> {
    const { link } = session;
    if (session.closed) return;
    if (!this.#parts.wanted.has(wanted)) return link.cancel(wanted.tunnel);
    session.tunnels.add(wanted);
    wanted.serverId = link.serverId;
    wanted.opened = true;
    this.#parts.log('info', 'tunnel.opened', { tunnel: wanted.tunnel, serverId: link.serverId });
    this.#parts.onOpened(wanted, link.serverId);
  }

  #isMissing(wanted: Wanted): boolean {
    return this.#parts.wanted.has(wanted) && wanted.serverId === undefined;
  }

  /** One dial at a time. */
  #session(): Promise<Session> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#dialing ??= this.#dial().finally(() => {
      this.#dialing = undefined;
    });
    return this.#dialing;
  }

  async #dial(): Promise<Session> {
    const { dialer, log, pace } = this.#parts;
    let session: Session | undefined;
    let early: string | undefined;
    const { link, key } = await dialer.dial({
      onChannel: this.#parts.onChannel,
      onClosed: (why) => {
        if (session === undefined) early = why;
        else this.#closed(session, why);
      },
    });
    session = { link, key, tunnels: new Set(), since: pace.clock.monotonic(), closed: false };
    this.#sessions.add(session);
    this.#current = session;
    log('info', 'relay.connected', { serverId: link.serverId });
    if (early !== undefined) this.#closed(session, early);
    return session;
  }

  #closed(session: Session, why: string): void {
    if (session.closed) return;
    const { log, signal, dialer } = this.#parts;
    log('info', 'relay.closed', { serverId: session.link.serverId, why });
    const isOurs = session !== this.#current && session.tunnels.size === 0;
    session.closed = true;
    this.#sessions.delete(session);
    if (session === this.#current) this.#current = undefined;
    if (signal.aborted || isOurs) return;
    dialer.fell();
    for (const wanted of session.tunnels) {
      wanted.serverId = undefined;
      if (this.#parts.wanted.has(wanted)) this.keep(wanted);
    }
  }

  /** New tunnels go elsewhere from now on. */
  #retire(session: Session): void {
    const isAged = this.#parts.pace.clock.monotonic() - session.since >= agedMilliseconds;
    if (session !== this.#current || !isAged) return;
    this.#current = undefined;
    this.#tidy();
  }

  /** Ends sessions that hold nothing: a retired one at once, the current one when nobody came for a while. */
  #tidy(): void {
    for (const session of this.#sessions)
      if (session !== this.#current && session.tunnels.size === 0 && this.#opening.size === 0) session.link.end();
    this.#linger?.cancel();
    const { timers } = this.#parts.pace;
    this.#linger = this.#isIdle() ? timers.schedule(lingerMilliseconds, () => this.#endIdle()) : undefined;
  }

  #isIdle(): boolean {
    return this.#current !== undefined && this.#current.tunnels.size === 0 && this.#opening.size === 0;
  }

  #endIdle(): void {
    const session = this.#current;
    if (session === undefined || !this.#isIdle()) return;
    this.#current = undefined;
    session.link.end();
  }

  #tooLate(wanted: Wanted): void {
    if (this.#isMissing(wanted) && !wanted.opened)
      this.#fail(wanted, 'relay_unreachable', 'no relay could be reached in time');
  }

  #gaveUp(wanted: Wanted, error: unknown): void {
    if (this.#parts.signal.aborted || error instanceof UnwantedError || !this.#isMissing(wanted)) return;
    if (error instanceof DialError) {
      this.#fail(wanted, 'relay_unpinned', 'the relay showed a host key that is not pinned');
    } else {
      this.#parts.log('error', 'tunnel.unkept', { tunnel: wanted.tunnel, why: textOf(error) });
      this.#fail(wanted, 'agent_failed', 'the agent could not keep the tunnel');
    }
  }

  #fail(wanted: Wanted, code: string, detail: string): void {
    this.#parts.log('warn', 'tunnel.failed', { tunnel: wanted.tunnel, code });
    this.#parts.onFailed(wanted, code, detail);
  }
}

import type { BackOff } from './back-off.ts';
import type { Agreement, Greeting } from './greeting.ts';
import { type AgentLog, textOf } from './log.ts';
import { type Pace, pause } from './pace.ts';
import { DialError, type DialRelay, type LinkHooks, type RelayLink, type SessionKey } from './relay-link.ts';

/** Pins said so lately are the cloud's last word: a relay that does not fit them now will not in a second either. */
const freshMilliseconds = 10_000;

/** So often it goes to another relay at once, because this one says it is busy. Then it insists. */
const busyTries = 3;

/** Nobody wants a connection any more. */
export class UnwantedError extends Error {
  override readonly name = 'UnwantedError';
}

export type RelayDialerParts = {
  readonly device: string;
  readonly greeting: Pick<Greeting, 'agreed' | 'refused' | 'renew'>;
  readonly backOff: BackOff;
  readonly dial: DialRelay;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly isWanted: () => boolean;
  readonly log: AgentLog;
};

export type Dialed = { readonly link: RelayLink; readonly key: SessionKey };

/** Dials relays, one at a time, with a key that the cloud knows, and no faster than the back-off allows. */
export class RelayDialer {
  readonly #parts: RelayDialerParts;
  #fell = false;
  #wake: (() => void) | undefined;

  constructor(parts: RelayDialerParts) {
    this.#parts = parts;
  }

  /** A connection ended that should not have: the next dial waits first, for thousands may have lost the same relay. */
  fell(): void {
    this.#fell = true;
  }

  /** Somebody waits for an answer: whatever pause is under way ends now. */
  hurry(): void {
    this.#wake?.();
  }

  /**
   * Goes on until a relay has taken the connection. Rejects when nobody wants it any more (UnwantedError), when the
   * signal aborts, or with the DialError `unpinned`, for trying again would only ask a stranger twice.
   */
  async dial(hooks: LinkHooks): Promise<Dialed> {
    const { signal, greeting, pace, log } = this.#parts;
    for (let busy = 0; ; ) {
      if (this.#fell) await this.#pause();
      const agreement = await greeting.agreed(signal);
      if (!this.#parts.isWanted()) throw new UnwantedError();
      try {
        return await this.#try(agreement, hooks, busy >= busyTries);
      } catch (error) {
        signal.throwIfAborted();
        const failure = error instanceof DialError ? error.failure : 'unreachable';
        if (failure === 'busy' && busy < busyTries) {
          busy += 1;
          continue;
        }
        busy = 0;
        log('warn', 'relay.unreached', { failure, why: textOf(error), relay: agreement.relay.host });
        if (failure === 'unpinned') {
          if (pace.clock.monotonic() - agreement.saidAt < freshMilliseconds) throw error;
          greeting.renew();
        }
        if (failure === 'rejected_key') greeting.refused(agreement.key);
        this.#fell = true;
      }
    }
  }

  async #try(agreement: Agreement, hooks: LinkHooks, insists: boolean): Promise<Dialed> {
    const { device, backOff, pace, signal } = this.#parts;
    const { relay, pins, key } = agreement;
    const link = await this.#parts.dial({ relay, pins, key, device, insists }, hooks);
    if (signal.aborted) {
      link.end();
      signal.throwIfAborted();
    }
    backOff.held(pace.clock.monotonic());
    return { link, key };
  }

  async #pause(): Promise<void> {
    const { backOff, pace, signal } = this.#parts;
    this.#fell = false;
    await pause(pace.timers, backOff.next(pace.clock.monotonic()), {
      signal,
      early: (wake) => {
        this.#wake = wake;
      },
    });
    this.#wake = undefined;
  }
}

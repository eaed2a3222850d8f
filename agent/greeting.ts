import type { Command } from '../core/wire/command.ts';
import type { AgentLog } from './log.ts';
import type { Pace } from './pace.ts';
import type { Destination, SessionKey } from './relay-link.ts';

type Welcome = Extract<Command, { type: 'welcome' }>;

/** A key that the cloud said it knows, and where to dial with it. */
export type Agreement = Destination & {
  readonly key: SessionKey;
  /** When the cloud last said the destination, on the monotonic clock. */
  readonly saidAt: number;
};

/** The cloud counts one hello in 10 s; a lost answer is asked for again at this pace, spread so that a fleet does not. */
const againMilliseconds = { least: 4_000, most: 7_000 } as const;

export type GreetingParts = {
  readonly makeKey: () => SessionKey;
  readonly sayHello: (key: SessionKey) => Promise<void>;
  readonly pace: Pace;
  readonly log: AgentLog;
  readonly onWelcome: (agreement: Agreement) => void;
};

/**
 * Makes the cloud know the session key: hello, until its welcome names this very key. The agent dials with no other.
 * While a new key is on its way the one before it stays good, for the cloud keeps current and previous.
 */
export class Greeting {
  #offered: SessionKey;
  #agreement: Agreement | undefined;
  /** The destination with the newest pins that the cloud ever named. */
  #newest: Omit<Agreement, 'key'> | undefined;
  #timer: { cancel(): void } | undefined;
  #connected = false;
  readonly #waiting = new Set<(agreement: Agreement) => void>();
  readonly #parts: GreetingParts;

  constructor(parts: GreetingParts) {
    this.#parts = parts;
    this.#offered = parts.makeKey();
  }

  /** The newest key, which the cloud may not know yet. */
  get offered(): SessionKey {
    return this.#offered;
  }

  /**
   * Says hello now and until it is answered. An agreement stands meanwhile: a short loss of the MQTT connection must
   * not keep anybody out, though its hello may come too soon to be answered at once.
   */
  connected(): void {
    this.#connected = true;
    this.#greet();
  }

  /** Nothing can be said now, and whatever was agreed still stands. */
  disconnected(): void {
    this.#connected = false;
    this.#timer?.cancel();
  }

  /** Offers a new key, for the old one may have been seen too long. */
  rotate(): void {
    this.#offered = this.#parts.makeKey();
    if (this.#connected) this.#greet();
  }

  /** Asks what is so now. What was agreed stands meanwhile. */
  again(): void {
    if (this.#connected) this.#greet();
  }

  /** A relay did not take this key: the cloud must be told it again before it is used again. */
  refused(key: SessionKey): void {
    if (this.#agreement?.key === key) this.#agreement = undefined;
    if (this.#connected) this.#greet();
  }

  /** What was said of relays may be old. The answer to a new hello is not. */
  renew(): void {
    this.#agreement = undefined;
    if (this.#connected) this.#greet();
  }

  welcome({ fingerprint, ...said }: Welcome): void {
    // An answer to an older hello names an older key: the one to wait for is on its way.
    if (fingerprint !== this.#offered.fingerprint) return;
    this.#timer?.cancel();
    const agreement = this.#agree(this.#offered, said);
    this.#parts.onWelcome(agreement);
    for (const tell of this.#waiting) tell(agreement);
  }

  /** A command carries the destination too, and may be newer than the welcome. */
  redirect(said: Destination): void {
    if (this.#agreement !== undefined) this.#agree(this.#agreement.key, said);
  }

  /**
   * Messages may overtake each other, and a broker may deliver one late or again: a destination with older pins than
   * were ever heard moves nothing, or it would bring back a host key that is believed no more.
   */
  #agree(key: SessionKey, said: Destination): Agreement {
    const version = said.pinsVersion ?? 0;
    const { relay, pins } = said;
    if (this.#newest !== undefined && version < (this.#newest.pinsVersion ?? 0))
      this.#parts.log('warn', 'pins.old', { version });
    else this.#newest = { relay, pins, pinsVersion: version, saidAt: this.#parts.pace.clock.monotonic() };
    const agreement = { ...this.#newest, key };
    this.#agreement = agreement;
    return agreement;
  }

  /** Resolves when the cloud knows a key of ours. Rejects when the signal aborts. */
  agreed(signal: AbortSignal): Promise<Agreement> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#agreement !== undefined) return Promise.resolve(this.#agreement);
    return new Promise((resolve, reject) => {
      const tell = (agreement: Agreement) => {
        this.#waiting.delete(tell);
        signal.removeEventListener('abort', stop);
        resolve(agreement);
      };
      const stop = () => {
        this.#waiting.delete(tell);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(tell);
    });
  }

  stop(): void {
    this.disconnected();
  }

  #greet(): void {
    const { timers, random } = this.#parts.pace;
    const { least, most } = againMilliseconds;
    this.#timer?.cancel();
    this.#timer = timers.schedule(least + random() * (most - least), () => this.#greet());
    this.#parts.sayHello(this.#offered).catch(() => this.#parts.log('warn', 'hello.unsent'));
  }
}

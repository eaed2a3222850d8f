import type { Command } from '../core/wire/command.ts';
import type { SessionKey } from './relay-link.ts';

type Welcome = Extract<Command, { type: 'welcome' }>;

/** The cloud counts one hello in 10 s; a lost answer is asked for again at this pace, spread so that a fleet does not. */
const againMilliseconds = { least: 4_000, most: 7_000 } as const;

export type GreetingParts = {
  readonly makeKey: () => SessionKey;
  readonly sayHello: (key: SessionKey) => Promise<void>;
  readonly random: () => number;
  readonly log: (event: string, fields?: Record<string, string | number>) => void;
};

/**
 * Makes the cloud know the session key: hello, until its welcome names this very key. The agent dials with no other.
 */
export class Greeting {
  #key: SessionKey;
  #welcome: Welcome | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<(welcome: Welcome) => void>();
  readonly #parts: GreetingParts;

  constructor(parts: GreetingParts) {
    this.#parts = parts;
    this.#key = parts.makeKey();
  }

  get key(): SessionKey {
    return this.#key;
  }

  /** Says hello now and goes on until it is answered. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#welcome = undefined;
    const { least, most } = againMilliseconds;
    this.#timer = setTimeout(() => this.begin(), least + this.#parts.random() * (most - least));
    this.#parts.sayHello(this.#key).catch(() => this.#parts.log('hello.unsent'));
  }

  /** A new key, for the old one may have been seen too long or was refused. */
  rotate(): void {
    this.#key = this.#parts.makeKey();
    this.begin();
  }

  /** The connection has gone: nothing can be said, and whatever was agreed still stands. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  welcome(welcome: Welcome): void {
    // An answer to an older hello names an older key: the one to wait for is on its way.
    if (welcome.fingerprint !== this.#key.fingerprint) return;
    clearTimeout(this.#timer);
    this.#welcome = welcome;
    this.#parts.log('welcome', { relay: welcome.relay.host });
    for (const tell of this.#waiting) tell(welcome);
    this.#waiting.clear();
  }

  /** Resolves when the cloud knows the current key. */
  acknowledged(signal: AbortSignal): Promise<Welcome> {
    if (this.#welcome !== undefined) return Promise.resolve(this.#welcome);
    return new Promise((resolve, reject) => {
      const tell = (welcome: Welcome) => {
        signal.removeEventListener('abort', stop);
        resolve(welcome);
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
    clearTimeout(this.#timer);
  }
}

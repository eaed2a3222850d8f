import { SshChannel } from './channel.ts';
import { ChannelOpenError, type ConnectionEndedError } from './session-end.ts';
import type { Timer, Timers } from './timers.ts';

interface Waiting {
  readonly resolve: (channel: SshChannel) => void;
  readonly reject: (error: Error) => void;
}

/** A channel that we asked for and the peer has not answered. */
export class Opening {
  readonly #waiting: Waiting;
  readonly #timer: Timer;
  #abandoned = false;

  constructor(waiting: Waiting, options: { readonly timers: Timers; readonly timeoutMilliseconds: number }) {
    const { timers, timeoutMilliseconds } = options;
    this.#waiting = waiting;
    this.#timer = timers.schedule(timeoutMilliseconds, () => {
      this.#abandoned = true;
      waiting.reject(new ChannelOpenError('timeout', `no answer in ${timeoutMilliseconds / 1000} s`));
    });
  }

  /** Nobody waits any more: if the peer confirms, the channel is closed at once. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  settle(result: SshChannel | ChannelOpenError | ConnectionEndedError): void {
    if (this.#abandoned) return;
    this.#timer.cancel();
    if (result instanceof SshChannel) this.#waiting.resolve(result);
    else this.#waiting.reject(result);
  }
}

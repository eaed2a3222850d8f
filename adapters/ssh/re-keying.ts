/** RFC 4253 section 9: new keys after each gigabyte or hour. */
export interface ReKeyingLimits {
  readonly rekeyBytes: number;
  readonly rekeyMilliseconds: number;
  /** A key exchange must end within this. */
  readonly exchangeMilliseconds: number;
}

/** When the keys of a connection grow old, when an exchange takes too long, and when a peer asks for too many. */
export class ReKeying {
  readonly #limits: ReKeyingLimits;
  readonly #openedAt = performance.now();
  #exchangedAt = performance.now();
  #exchangedBytes = 0;
  #began: number | undefined;
  #ours = false;
  #peers = 0;

  constructor(limits: ReKeyingLimits) {
    this.#limits = limits;
  }

  /** To be called now and then. Answers whether we must begin an exchange now; `bytes` are those of both directions. */
  isDue(bytes: number, exchanging: boolean): boolean {
    const now = performance.now();
    if (exchanging) {
      this.#began ??= now;
      return false;
    }
    const { rekeyBytes, rekeyMilliseconds } = this.#limits;
    if (bytes - this.#exchangedBytes < rekeyBytes && now - this.#exchangedAt < rekeyMilliseconds) return false;
    this.#began = now;
    this.#ours = true;
    return true;
  }

  get overdue(): boolean {
    return this.#began !== undefined && performance.now() - this.#began > this.#limits.exchangeMilliseconds;
  }

  /** An exchange has ended. Answers false when the peer has begun more than it may: each costs us a signature. */
  exchanged(bytes: number): boolean {
    this.#began = undefined;
    this.#exchangedAt = performance.now();
    this.#exchangedBytes = bytes;
    if (this.#ours) this.#ours = false;
    else this.#peers += 1;
    return this.#peers <= 20 + (this.#exchangedAt - this.#openedAt) / 10_000 + bytes / 2 ** 20;
  }
}

export type Live = {
  readonly tunnel: string;
  readonly device: string;
  readonly operator: string;
  /** Resolves when it is over. */
  readonly closed: Promise<unknown>;
  destroy(reason: string): void;
};

/** The streams that go through this router now, to be counted, cut and waited for. */
export class LiveStreams {
  readonly #live = new Set<Live>();
  readonly #perOperator = new Map<string, number>();

  get size(): number {
    return this.#live.size;
  }

  countOf(operator: string): number {
    return this.#perOperator.get(operator) ?? 0;
  }

  add(live: Live): void {
    this.#live.add(live);
    this.#perOperator.set(live.operator, this.countOf(live.operator) + 1);
    void live.closed.then(() => {
      this.#live.delete(live);
      const left = this.countOf(live.operator) - 1;
      if (left > 0) this.#perOperator.set(live.operator, left);
      else this.#perOperator.delete(live.operator);
    });
  }

  /** Cuts those that `which` names. */
  cut(reason: string, which: (live: Live) => boolean): void {
    for (const live of [...this.#live]) if (which(live)) live.destroy(reason);
  }

  [Symbol.iterator](): IterableIterator<Live> {
    return this.#live.values();
  }
}

import type { Operator } from '../core/model/operator.ts';

export type Live = {
  readonly tunnel: string;
  readonly device: string;
  /** As they came in: what they may is asked again with the groups of then. */
  readonly operator: Operator;
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
    const { id } = live.operator;
    this.#live.add(live);
    this.#perOperator.set(id, this.countOf(id) + 1);
    void live.closed.then(() => {
      this.#live.delete(live);
      const left = this.countOf(id) - 1;
      if (left > 0) this.#perOperator.set(id, left);
      else this.#perOperator.delete(id);
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

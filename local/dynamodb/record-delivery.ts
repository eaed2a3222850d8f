import type { StreamRecord } from './change-record.ts';

export type RecordListener = (records: readonly StreamRecord[]) => Promise<void>;

type Subscription = { readonly listener: RecordListener; pending: StreamRecord[]; busy: boolean };

/**
 * Hands records to listeners, like one shard with one reader each: in order, one batch at a time, and while a listener
 * works the next batch gathers. A listener retries by itself; what it still throws is reported and the next batch goes on.
 */
export class RecordDelivery {
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  readonly #onFault: (fault: Error) => void;

  /** @param onFault is told of each batch that a listener gave up on. */
  constructor(onFault: (fault: Error) => void) {
    this.#onFault = onFault;
  }

  /** From now on; returns the way to stop, after which no further batch begins. */
  subscribe(tableName: string, listener: RecordListener): () => void {
    const subscription: Subscription = { listener, pending: [], busy: false };
    const all = this.#subscriptions.get(tableName) ?? new Set();
    this.#subscriptions.set(tableName, all.add(subscription));
    return () => {
      all.delete(subscription);
      subscription.pending = [];
    };
  }

  publish(tableName: string, records: readonly StreamRecord[]): void {
    for (const subscription of this.#subscriptions.get(tableName) ?? []) {
      subscription.pending.push(...records);
      if (!subscription.busy) void this.#deliver(subscription);
    }
  }

  close(): void {
    for (const all of this.#subscriptions.values()) {
      for (const subscription of all) subscription.pending = [];
    }
    this.#subscriptions.clear();
  }

  async #deliver(subscription: Subscription): Promise<void> {
    subscription.busy = true;
    while (subscription.pending.length > 0) {
      const batch = subscription.pending;
      subscription.pending = [];
      try {
        await subscription.listener(batch);
      } catch (error) {
        this.#onFault(new Error(`A stream listener gave up on ${batch.length} records`, { cause: error }));
      }
    }
    subscription.busy = false;
  }
}

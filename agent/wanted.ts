import type { Splice } from '../net/splice.ts';
import type { LocalService } from './config.ts';

/** A tunnel that the cloud asked for and that is to stay open. */
export type Wanted = {
  readonly tunnel: string;
  readonly service: LocalService;
  /** On the monotonic clock: a device's calendar may be wrong. */
  readonly endsAt: number;
  readonly streams: Set<Splice>;
  bytes: number;
  /** The relay where its forward stands now. */
  serverId: string | undefined;
};

/** The tunnels to keep, by id: asking twice for one is one tunnel. */
export class WantedTunnels {
  readonly #tunnels = new Map<string, Wanted>();

  get size(): number {
    return this.#tunnels.size;
  }
  get(tunnel: string): Wanted | undefined {
    return this.#tunnels.get(tunnel);
  }
  [Symbol.iterator](): IterableIterator<Wanted> {
    return this.#tunnels.values();
  }
  get channels(): number {
    let count = 0;
    for (const wanted of this.#tunnels.values()) count += wanted.streams.size;
    return count;
  }

  add(wanted: Wanted): void {
    this.#tunnels.set(wanted.tunnel, wanted);
  }

  /** Takes it off the list and cuts its streams. */
  drop(tunnel: string, reason: string): Wanted | undefined {
    const wanted = this.#tunnels.get(tunnel);
    if (wanted === undefined) return undefined;
    this.#tunnels.delete(tunnel);
    for (const stream of wanted.streams) stream.destroy(reason);
    return wanted;
  }

  /** Those past their end. */
  ended(now: number): readonly Wanted[] {
    return [...this.#tunnels.values()].filter((wanted) => now >= wanted.endsAt);
  }
}

/** Bounds on keys, compared as UTF-16 text; `reverse` walks from the upper bound down. */
export type KeyRange = {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
};

type Chunk<V> = { readonly keys: string[]; readonly values: V[] };
type Place = { readonly chunk: number; readonly index: number };

/** Inserting moves at most this many references, and finding a chunk stays a handful of comparisons. */
const chunkLimit = 256;

/** How many of the leading keys are below the bound, by binary search. */
const countBelow = (count: number, keyAt: (index: number) => string, bound: string, inclusive: boolean): number => {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = keyAt(middle);
    if (key < bound || (inclusive && key === bound)) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** A map ordered by its keys, in chunks of sorted arrays: two references an entry, and no object per entry. */
export class SortedMap<V> {
  readonly #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const { chunk, index } = this.#place(key, false);
    const found = this.#chunks[chunk];
    return found?.keys[index] === key ? found.values[index] : undefined;
  }

  set(key: string, value: V): void {
    const place = this.#place(key, false);
    const found = this.#chunks[place.chunk];
    if (found?.keys[place.index] === key) {
      found.values[place.index] = value;
      return;
    }
    this.#size++;
    const at = Math.min(place.chunk, Math.max(0, this.#chunks.length - 1));
    const target = this.#chunks[at];
    if (target === undefined) {
      this.#chunks.push({ keys: [key], values: [value] });
      return;
    }
    // A key above all others goes to the end of the last chunk.
    const index = found === undefined ? target.keys.length : place.index;
    target.keys.splice(index, 0, key);
    target.values.splice(index, 0, value);
    if (target.keys.length > chunkLimit) this.#split(at, target);
  }

  delete(key: string): boolean {
    const { chunk, index } = this.#place(key, false);
    const found = this.#chunks[chunk];
    if (found?.keys[index] !== key) return false;
    found.keys.splice(index, 1);
    found.values.splice(index, 1);
    if (found.keys.length === 0) this.#chunks.splice(chunk, 1);
    this.#size--;
    return true;
  }

  /** The map must not change while a walk is under way. */
  *entries(range: KeyRange = {}): Generator<readonly [key: string, value: V]> {
    const forward = range.reverse !== true;
    let place = forward ? this.#start(range) : this.#stepBack(this.#end(range));
    for (;;) {
      const chunk = this.#chunks[place.chunk];
      if (chunk === undefined) return;
      const key = chunk.keys[place.index] ?? '';
      if (forward ? pastEnd(key, range) : beforeStart(key, range)) return;
      yield [key, chunk.values[place.index] as V];
      place = forward ? this.#stepOn(place, chunk) : this.#stepBack(place);
    }
  }

  #start(range: KeyRange): Place {
    if (range.gt !== undefined) return this.#place(range.gt, true);
    return range.gte === undefined ? { chunk: 0, index: 0 } : this.#place(range.gte, false);
  }

  #end(range: KeyRange): Place {
    if (range.lt !== undefined) return this.#place(range.lt, false);
    return range.lte === undefined ? { chunk: this.#chunks.length, index: 0 } : this.#place(range.lte, true);
  }

  #stepOn(place: Place, chunk: Chunk<V>): Place {
    const index = place.index + 1;
    return index < chunk.keys.length ? { chunk: place.chunk, index } : { chunk: place.chunk + 1, index: 0 };
  }

  #stepBack(place: Place): Place {
    if (place.index > 0) return { chunk: place.chunk, index: place.index - 1 };
    const chunk = place.chunk - 1;
    return { chunk, index: (this.#chunks[chunk]?.keys.length ?? 0) - 1 };
  }

  /** Where the first key stands that is at or above the bound (above it when `past`). */
  #place(bound: string, past: boolean): Place {
    const last = (index: number): string => this.#chunks[index]?.keys.at(-1) ?? '';
    const chunk = countBelow(this.#chunks.length, last, bound, past);
    const keys = this.#chunks[chunk]?.keys ?? [];
    return { chunk, index: countBelow(keys.length, (index) => keys[index] ?? '', bound, past) };
  }

  #split(at: number, chunk: Chunk<V>): void {
    const half = chunk.keys.length >>> 1;
    this.#chunks.splice(at + 1, 0, { keys: chunk.keys.splice(half), values: chunk.values.splice(half) });
  }
}

const pastEnd = (key: string, { lt, lte }: KeyRange): boolean =>
  (lt !== undefined && key >= lt) || (lte !== undefined && key > lte);

const beforeStart = (key: string, { gt, gte }: KeyRange): boolean =>
  (gt !== undefined && key <= gt) || (gte !== undefined && key < gte);

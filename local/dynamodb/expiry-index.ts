import type { Item } from './item.ts';
import { SortedMap } from './sorted-map.ts';

/** DynamoDB leaves a row alone whose time is more than five years past: it takes it for a mistake. */
const oldestSeconds = 5 * 365 * 24 * 3600;

/** Digits of the largest safe integer, so that text order is number order. */
const width = 16;

const textOf = (seconds: number): string => String(seconds).padStart(width, '0');

/** Rows by the time they expire, so that a sweep touches only the rows that are due. */
export class ExpiryIndex {
  readonly attribute: string | undefined;
  readonly #rows = new SortedMap<string>();

  /** @param attribute holds epoch seconds as a number; without one, nothing ever expires. */
  constructor(attribute: string | undefined) {
    this.attribute = attribute;
  }

  replace(key: string, before: Item | undefined, after: Item | undefined): void {
    const from = before && this.#timeOf(before);
    const to = after && this.#timeOf(after);
    if (from === to) return;
    if (from !== undefined) this.#rows.delete(`${from}/${key}`);
    if (to !== undefined) this.#rows.set(`${to}/${key}`, key);
  }

  /** The keys of rows whose time is at or before `now` (epoch seconds), the earliest first, at most `count`. */
  due(now: number, count: number): readonly string[] {
    const keys: string[] = [];
    const oldest = textOf(Math.max(0, Math.floor(now) - oldestSeconds));
    for (const [, key] of this.#rows.entries({ gte: oldest, lt: textOf(Math.floor(now) + 1) })) {
      if (keys.push(key) >= count) break;
    }
    return keys;
  }

  #timeOf(item: Item): string | undefined {
    if (this.attribute === undefined) return undefined;
    const seconds = Math.floor(Number(item[this.attribute]?.N));
    return Number.isSafeInteger(seconds) && seconds >= 0 ? textOf(seconds) : undefined;
  }
}

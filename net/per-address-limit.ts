import { isIPv4, isIPv6 } from 'node:net';

export type Entry =
  | { readonly entered: true; readonly leave: () => void }
  | { readonly entered: false; readonly full: 'total' | 'address' };

/**
 * How many may be in at once, in total and from one address. An IPv6 host owns a whole /64, so that is what counts as
 * one address; an IPv4 address mapped into IPv6 counts as itself.
 */
export class PerAddressLimit {
  readonly #total: number;
  readonly #each: number;
  readonly #inside = new Map<string, number>();
  #count = 0;

  constructor(options: { readonly total: number; readonly perAddress: number }) {
    this.#total = options.total;
    this.#each = options.perAddress;
  }

  get count(): number {
    return this.#count;
  }

  /** Enters, or says which limit is full. `leave` must be called once; calling it again does nothing. */
  enter(address: string): Entry {
    if (this.#count >= this.#total) return { entered: false, full: 'total' };
    const key = addressKey(address);
    const inside = this.#inside.get(key) ?? 0;
    if (inside >= this.#each) return { entered: false, full: 'address' };
    this.#inside.set(key, inside + 1);
    this.#count += 1;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.#count -= 1;
      const now = (this.#inside.get(key) ?? 1) - 1;
      if (now === 0) this.#inside.delete(key);
      else this.#inside.set(key, now);
    };
    return { entered: true, leave };
  }
}

/** What counts as one address: an IPv4 address, or an IPv6 /64 as four groups. Anything else is taken as it is. */
export const addressKey = (address: string): string => {
  const plain = address.split('%', 1)[0] ?? address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // A dotted quad at the end stands for two groups.
  const width = before.length + after.length + (plain.includes('.') ? 1 : 0);
  const groups = tail === undefined ? before : [...before, ...Array<string>(8 - width).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
};

/** RFC 4253 4.2: at most 255 characters with CR LF. Before it a server (never a client) may send other lines. */
const maximumLine = 255;
const maximumBefore = 8192;

export type Identification =
  | { readonly status: 'more' }
  | { readonly status: 'whole'; readonly bytes: Buffer }
  | { readonly status: 'invalid' };

/**
 * Collects the first bytes of a connection until the identification line is whole. ssh2 loses bytes when the line
 * comes in three pieces or more, and lets endless lines pass when they come in small ones.
 */
export class IdentificationReader {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #linesBefore: boolean;

  constructor(options: { readonly linesBefore: boolean }) {
    this.#linesBefore = options.linesBefore;
  }

  add(chunk: Buffer): Identification {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    let start = 0;
    for (;;) {
      const line = this.#bytes.subarray(start);
      const end = line.indexOf(0x0a);
      if (couldBeIdentification(line)) {
        if (end >= maximumLine || (end < 0 && line.length >= maximumLine)) return { status: 'invalid' };
        return end < 0 ? { status: 'more' } : { status: 'whole', bytes: this.#bytes };
      }
      if (!this.#linesBefore || start + line.length > maximumBefore + maximumLine) return { status: 'invalid' };
      if (end < 0) return { status: 'more' };
      start += end + 1;
    }
  }
}

const prefix = Buffer.from('SSH-', 'latin1');
const couldBeIdentification = (line: Buffer): boolean => {
  const seen = Math.min(line.length, prefix.length);
  return line.compare(prefix, 0, seen, 0, seen) === 0;
};

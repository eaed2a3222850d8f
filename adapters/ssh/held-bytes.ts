const blockLength = 16 * 1024;

/**
 * Bytes that wait for a reader, copied into blocks. A slice of what came from the network would keep all of it alive,
 * and a stream's own list costs hundreds of bytes an entry: a peer that sends single bytes could take 500 times the
 * memory that its window allows.
 */
export class HeldBytes {
  #blocks: Buffer[] = [];
  #room = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#room === 0) {
        this.#blocks.push(Buffer.allocUnsafeSlow(blockLength));
        this.#room = blockLength;
      }
      const last = this.#blocks.at(-1);
      const taken = Math.min(this.#room, data.length - at);
      data.copy(last ?? data, blockLength - this.#room, at, at + taken);
      this.#room -= taken;
      at += taken;
    }
    this.#length += data.length;
  }

  /** The oldest bytes, at most a block of them; `undefined` when there are none. */
  take(): Buffer | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    const filled = this.#blocks.length === 0 ? blockLength - this.#room : blockLength;
    if (this.#blocks.length === 0) this.#room = 0;
    this.#length -= filled;
    return filled === blockLength ? block : block.subarray(0, filled);
  }

  clear(): void {
    this.#blocks = [];
    this.#room = 0;
    this.#length = 0;
  }
}

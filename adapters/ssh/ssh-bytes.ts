/** Bytes that end before their format does, or do not follow it. */
export class SshFormatError extends Error {
  override readonly name = 'SshFormatError';
}

/** Reads the types of RFC 4251 section 5. Every read past the end throws SshFormatError. */
export class SshReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  raw(length: number): Buffer {
    if (length > this.left) throw new SshFormatError('cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.raw(1).readUInt8(0);
  }

  uint32(): number {
    return this.raw(4).readUInt32BE(0);
  }

  /** A string: the bytes themselves, not a copy. */
  string(): Buffer {
    return this.raw(this.uint32());
  }

  text(): string {
    return this.string().toString('utf8');
  }

  /** A positive mpint as RFC 4251 wants it, so that one number has one form. Without its sign byte. */
  positive(): Buffer {
    const bytes = this.string();
    const [first = 0x80, second = 0] = bytes;
    if (bytes.length === 0 || first >= 0x80 || (first === 0 && second < 0x80))
      throw new SshFormatError('not a canonical number');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (this.left > 0) throw new SshFormatError('bytes after the end');
  }
}

export const sshUint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const sshString = (value: Uint8Array | string): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([sshUint32(bytes.length), bytes]);
};

/** RFC 4251 section 5: no needless leading zero bytes, one where the top bit is set. */
export const mpintBytes = (magnitude: Uint8Array): Buffer => {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? Buffer.alloc(0) : Buffer.from(magnitude.subarray(start));
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
};

export const sshMpint = (magnitude: Uint8Array): Buffer => sshString(mpintBytes(magnitude));

/** A copy with memory of its own: for what is kept, since small buffers are slices of 8 KB slabs that they keep alive. */
export const ownCopy = (bytes: Uint8Array): Buffer => {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
};

export type Random = {
  /** `count` bytes from a cryptographic source. */
  bytes(count: number): Uint8Array;
};

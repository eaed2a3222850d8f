export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go back: for leases and time-outs, meaningless across processes. */
  monotonic(): number;
};

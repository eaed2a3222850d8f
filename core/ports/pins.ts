/** The relays' host keys that devices pin. */
export type PinSet = {
  /** Larger with every change, across redeployments too: the time of the change in milliseconds of the epoch. */
  readonly version: number;
  /** `<type> <base-64>` lines, old and new during a rotation. */
  readonly lines: readonly string[];
};

export type Pins = { current(): Promise<PinSet> };

/** The relays' host keys that devices pin: `<type> <base-64>` lines, old and new during a rotation. */
export type Pins = { current(): Promise<readonly string[]> };

/** Something that narrows access. Relays and routers read these every second and cut what they hold accordingly. */
export type Change = {
  /** Unique; readers that ask for an overlapping time drop what they know. */
  readonly id: string;
  readonly at: number;
} & ChangeWhat;

export type ChangeWhat =
  | { readonly kind: 'tunnel_closed'; readonly tunnel: string; readonly device: string; readonly reason: string }
  | { readonly kind: 'tunnel_changed'; readonly tunnel: string; readonly device: string }
  | { readonly kind: 'device_frozen'; readonly device: string }
  | { readonly kind: 'device_keys'; readonly device: string }
  /** Its attributes: grants that match on them may reach it no more. */
  | { readonly kind: 'device_changed'; readonly device: string }
  | { readonly kind: 'grant_narrowed'; readonly principal: string }
  | { readonly kind: 'operator_key_removed'; readonly operator: string; readonly fingerprint: string }
  | { readonly kind: 'watched'; readonly subject: string; readonly until: number };

/** Readers go back so far each time, for writers' clocks differ and writes may arrive out of order. */
export const changeOverlapMilliseconds = 10_000;
export const changeKeepMilliseconds = 3_600_000;

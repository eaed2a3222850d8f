/** Who, what, which device, decision, reason. Written before access, never after. */
export type AuditEntry = {
  readonly kind: 'allowed' | 'refused' | 'changed' | 'ended' | 'started' | 'stopped' | 'void';
  /** What was attempted: `request`, `connect`, `dial`, `forward`, `grant.put`, ... */
  readonly action: string;
  readonly operator?: string | undefined;
  readonly device?: string | undefined;
  readonly tunnel?: string | undefined;
  readonly service?: string | undefined;
  /** The way in: `api`, `mqtt`, `jump`, `http`, `relay`, ... */
  readonly way?: string | undefined;
  /** An error code for a refusal, a close reason for an end. */
  readonly code?: string | undefined;
  /** Where the attempt came from: an address. */
  readonly source?: string | undefined;
  /** Further facts; data of devices and clients here is bounded and harmless. */
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
};

/** An entry in its writer's chain. */
export type AuditRecord = AuditEntry & {
  readonly v: 1;
  /** One process's life, e.g. `router-k3...`. */
  readonly chain: string;
  /** 1, 2, 3, ... at issue. */
  readonly seq: number;
  readonly at: number;
  /** The hash of the record before, or 64 zeros. */
  readonly previous: string;
  /** SHA-256 in hex over the canonical JSON (RFC 8785) of everything else. */
  readonly hash: string;
};

import type { Operator } from '../model/operator.ts';

export type VerifiedToken = Operator & {
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
};

export type Tokens = {
  /** Throws `unauthenticated` for whatever is not a valid token of the deployment's issuer. */
  verify(token: string): Promise<VerifiedToken>;
};

import type { PortClaim } from '../model/port-claim.ts';
import type { Outcome } from './outcome.ts';

export type PortClaims = {
  get(port: number, space: string): Promise<PortClaim | undefined>;
  /** `mayClaim`, then the row is `claimed`, atomically. */
  claim(claim: PortClaim, now: number): Promise<Outcome<PortClaim>>;
  /** A later rest on a row that is still this tunnel's; a rest that is later already stays. */
  extend(claim: PortClaim): Promise<Outcome<PortClaim>>;
  /** The final rest, once the tunnel's row is closed, on a row that is still this tunnel's. May be earlier. */
  rest(claim: PortClaim): Promise<Outcome<PortClaim>>;
  /** Deletes a row that is still this tunnel's: only for a claim that never answered for anybody. */
  release(port: number, space: string, tunnel: string): Promise<void>;
  /** The claims of one space now in use, for plain TCP listeners: pages by port. */
  listSpace(space: string, ports: readonly number[]): Promise<readonly PortClaim[]>;
};

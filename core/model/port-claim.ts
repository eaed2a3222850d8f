import { firstPort, lastPort } from '../names.ts';

/** A directory row: (port, space) leads to a tunnel. It never names a relay. */
export type PortClaim = {
  readonly port: number;
  readonly space: string;
  readonly tunnel: string;
  /** Until then the port answers for nobody else: the tunnel's end (or close) plus the rest period. */
  readonly restUntil: number;
};

/** A port rests this long after its tunnel's end, so that a late user never reaches another device. */
export const restMilliseconds = 10 * 60_000;
/** The row is purged a day after its rest. */
export const claimKeepMilliseconds = 24 * 3_600_000;

/** A claim may be taken when absent, past its rest, or already this tunnel's. */
export const mayClaim = (row: PortClaim | undefined, tunnel: string, now: number): boolean =>
  row === undefined || now >= row.restUntil || row.tunnel === tunnel;

/** The row after a claim: claiming again what is one's own never shortens the rest. */
export const claimed = (row: PortClaim | undefined, claim: PortClaim): PortClaim =>
  row?.tunnel === claim.tunnel && row.restUntil > claim.restUntil ? row : claim;

export const portCount = lastPort - firstPort + 1;

/** The n-th port to try: a start chosen at random, then steps that are coprime to the 60,000 ports. */
export const candidatePort = (start: number, attempt: number): number =>
  firstPort + ((start + attempt * 7_919) % portCount);

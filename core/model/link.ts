import type { Random } from '../ports/random.ts';
import { toBase32 } from './base32.ts';

/** A link for a browser: good once, and only for the next minute. It grants nothing: who may is decided at each request. */
export type Link = Visit & { readonly id: string; readonly visitEndsAt: number };

/** What a link becomes: whoever has it is this operator, at this tunnel. Milliseconds of the epoch. */
export type Visit = { readonly operator: string; readonly tunnel: string; readonly endsAt: number };

export const linkMilliseconds = 60_000;
/** As long as a key works after a sign-in, unless the tunnel ends before. */
export const visitMilliseconds = 12 * 3_600_000;

/** Names below it are the router's, never the device's. */
export const ownPaths = '/.sallyport/';
export const linkPath = `${ownPaths}link`;

export const newLinkId = (random: Random): string => toBase32(random.bytes(10));

/** The tunnel's own name: an origin that it shares with no other tunnel. */
export const linkUrl = (link: { readonly tunnel: string; readonly token: string }, domain: string): string =>
  `https://t-${link.tunnel}.${domain}${linkPath}?token=${link.token}`;

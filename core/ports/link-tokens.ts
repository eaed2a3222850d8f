import type { Link, Visit } from '../model/link.ts';

/** Signs links. Throws `unavailable` while there is no key. */
export type LinkSigner = { link(link: Link): Promise<string> };

/** Signs what links become, too, and reads both. The readers throw `unauthenticated` for whatever is not valid now. */
export type LinkTokens = LinkSigner & {
  visit(visit: Visit): Promise<string>;
  readLink(token: string): Promise<Link>;
  readVisit(token: string): Promise<Visit>;
};

/** The prefix has browsers refuse it from anybody but this very name over TLS (RFC 6265bis 4.1.3.2). */
const cookieName = '__Host-sallyport';

/** `milliseconds`: how long it is good. Lax, for a link is mostly followed from another site. */
export const visitCookie = (token: string, milliseconds: number): string =>
  `${cookieName}=${token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${Math.max(0, Math.floor(milliseconds / 1_000))}`;

const pairsOf = (header: string): readonly string[] => header.split(';').map((pair) => pair.trim());
const isOurs = (pair: string): boolean => pair.split('=', 1)[0]?.trim() === cookieName;

/** Our own cookie in a request. */
export const cookieIn = (header: string | undefined): string | undefined =>
  pairsOf(header ?? '')
    .find(isOurs)
    ?.slice(cookieName.length + 1);

/** The cookies that are the device's business. */
export const withoutOurs = (header: string): string | undefined => {
  const left = pairsOf(header).filter((pair) => !isOurs(pair));
  return left.length === 0 ? undefined : left.join('; ');
};

/** A device sets cookies for its own name only, and never ours. */
export const cookiesOfDevice = (lines: readonly string[]): readonly string[] =>
  lines
    .filter((line) => !isOurs(line))
    .map((line) =>
      line
        .split(';')
        .filter((part, index) => index === 0 || !/^\s*domain\s*(?:=|$)/i.test(part))
        .join(';'),
    );

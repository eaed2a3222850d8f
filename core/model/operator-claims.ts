import { SallyportError } from '../errors.ts';
import { operatorIdOf } from './ids.ts';
import { maxGroups, type SignIn } from './operator.ts';

/**
 * Groups as a token or the HTTP API's authorizer hands them: an array, the text of a JSON array, or the API's own
 * `[a b]`, in which it writes arrays. A lone word is one group.
 */
const groupsOf = (claim: unknown): readonly string[] => {
  if (claim === undefined || claim === null || claim === '') return [];
  if (Array.isArray(claim)) return claim.map(String);
  const text = String(claim);
  if (!text.startsWith('[') || !text.endsWith(']')) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Not JSON, so it is the API's own form.
  }
  return text.slice(1, -1).split(' ').filter(Boolean);
};

/** Who a verified token speaks for, and when it was issued. Throws `unauthenticated` or, for too many groups, `forbidden`. */
export const signInOfClaims = (claims: Readonly<Record<string, unknown>>): SignIn => {
  const { iss, sub } = claims;
  const at = Number(claims.iat) * 1_000;
  if (typeof iss !== 'string' || iss === '' || typeof sub !== 'string' || sub === '' || !Number.isFinite(at))
    throw new SallyportError('unauthenticated', { detail: 'the token names no issuer, subject or time' });
  const groups = [...new Set(groupsOf(claims['cognito:groups'] ?? claims.groups))];
  if (groups.length > maxGroups || groups.some((group) => group.length > 256))
    throw new SallyportError('forbidden', { detail: `a token may carry at most ${maxGroups} groups` });
  return { id: operatorIdOf(iss, sub), groups, at };
};

/** An IAM role or user by its unique id, which a deleted and re-made role of the same name does not inherit. */
export const operatorOfRole = (accountId: string, userId: string): string =>
  operatorIdOf(`aws:iam:${accountId}`, userId.split(':')[0] ?? userId);

import * as z from 'zod';
import { SallyportError } from '../../core/errors.ts';
import type { SignIn } from '../../core/model/operator.ts';
import { operatorOfRole, signInOfClaims } from '../../core/model/operator-claims.ts';

/** Who calls, as the API's authorizer proved it, and when that sign-in was made. */
export type Caller = SignIn & {
  readonly administrator: boolean;
  /** A token of the issuer, or a request signed by an IAM role or user. */
  readonly credential: 'token' | 'role';
};

const authorizerSchema = z.object({
  jwt: z.object({ claims: z.record(z.string(), z.unknown()) }).optional(),
  iam: z.object({ accountId: z.string().min(1), userId: z.string().min(1) }).optional(),
});

/** Reads `requestContext.authorizer` of an HTTP API event, format 2.0. Without one there is no caller. */
export const callerOf = (
  authorizer: unknown,
  options: { readonly adminGroup: string | undefined; readonly now: number },
): Caller => {
  const { jwt, iam } = authorizerSchema.catch({}).parse(authorizer);
  if (jwt !== undefined) {
    const signIn = signInOfClaims(jwt.claims);
    const { adminGroup } = options;
    const administrator = adminGroup !== undefined && signIn.groups.includes(adminGroup);
    return { ...signIn, administrator, credential: 'token' };
  }
  if (iam === undefined) throw new SallyportError('unauthenticated');
  const id = operatorOfRole(iam.accountId, iam.userId);
  return { id, groups: [], at: options.now, administrator: false, credential: 'role' };
};

/** Throws `forbidden` for everybody else; the edge records it. */
export const requireAdministrator = (caller: Caller): void => {
  if (!caller.administrator) throw new SallyportError('forbidden', { detail: 'administrators only' });
};

/** The way in, for audit records. */
export const wayOf = (caller: Caller): string => (caller.credential === 'role' ? 'iam' : 'api');

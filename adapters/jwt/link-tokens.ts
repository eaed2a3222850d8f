import { createPrivateKey } from 'node:crypto';
import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { SallyportError } from '../../core/errors.ts';
import { operatorIdPattern, tunnelIdPattern } from '../../core/model/ids.ts';
import { publicLines } from '../../core/model/key-rotation.ts';
import type { Visit } from '../../core/model/link.ts';
import type { HostKeySet } from '../../core/ports/host-key-store.ts';
import type { LinkTokens } from '../../core/ports/link-tokens.ts';
import { algorithm, keyIdOf, publicKeyOf } from './ed25519-line.ts';

export type LinkKeys = Pick<HostKeySet, 'keys' | 'next' | 'former'>;

const issuer = 'sallyport';
/** RFC 8725 3.11: neither passes for the other, nor for an operator's token. */
const types = { link: 'sallyport-link+jwt', visit: 'sallyport-visit+jwt' } as const;
const maxTokenLength = 1_024;

const visitSchema = z.object({
  sub: z.string().regex(operatorIdPattern),
  aud: z.string().regex(tunnelIdPattern),
  exp: z.number(),
});
const linkSchema = visitSchema.extend({ jti: z.string().regex(/^[a-z2-7]{16}$/), visitExp: z.number() });

/** Links and visits as JWTs by Ed25519 (RFC 8037). `keys` is asked at each use; `undefined` while there are none. */
export const createLinkTokens = (options: {
  readonly keys: () => Promise<LinkKeys | undefined> | LinkKeys | undefined;
  readonly now: () => number;
}): LinkTokens => {
  let known: { readonly of: LinkKeys; readonly verify: JWTVerifyGetKey } | undefined;

  const keys = async (): Promise<LinkKeys> => {
    const found = await options.keys();
    if (found === undefined) throw new SallyportError('unavailable', { detail: 'there is no key for links yet' });
    return found;
  };

  const sign = async (type: keyof typeof types, visit: Visit, more: JWTPayload = {}): Promise<string> => {
    const pair = (await keys()).keys[0];
    if (pair === undefined) throw new SallyportError('unavailable', { detail: 'there is no key for links yet' });
    return new SignJWT(more)
      .setProtectedHeader({ alg: algorithm, typ: types[type], kid: keyIdOf(pair.public) })
      .setIssuer(issuer)
      .setSubject(visit.operator)
      .setAudience(visit.tunnel)
      .setIssuedAt(secondsOf(options.now()))
      .setExpirationTime(secondsOf(visit.endsAt))
      .sign(createPrivateKey(pair.private));
  };

  const read = async <Schema extends z.ZodType>(type: keyof typeof types, token: string, schema: Schema) => {
    const of = await keys();
    if (known?.of !== of) known = { of, verify: createLocalJWKSet({ keys: believed(of).map(publicKeyOf) }) };
    try {
      if (token.length > maxTokenLength) throw new Error('too long');
      const { payload } = await jwtVerify(token, known.verify, {
        ...{ issuer, algorithms: [algorithm], typ: types[type], currentDate: new Date(options.now()) },
      });
      return schema.parse(payload);
    } catch (cause) {
      throw new SallyportError('unauthenticated', { detail: 'the link is not valid, or no longer', cause });
    }
  };

  return {
    link: ({ id, visitEndsAt, ...visit }) => sign('link', visit, { jti: id, visitExp: secondsOf(visitEndsAt) }),
    visit: (visit) => sign('visit', visit),
    async readLink(token) {
      const { jti: id, visitExp, ...visit } = await read('link', token, linkSchema);
      return { ...visitOf(visit), id, visitEndsAt: visitExp * 1_000 };
    },
    readVisit: async (token) => visitOf(await read('visit', token, visitSchema)),
  };
};

const secondsOf = (milliseconds: number): number => Math.floor(milliseconds / 1_000);

const visitOf = ({ sub, aud, exp }: z.output<typeof visitSchema>): Visit => ({
  operator: sub,
  tunnel: aud,
  endsAt: exp * 1_000,
});

/** Whoever signs may have read the secret before or after us. */
const believed = ({ keys, next, former }: LinkKeys): readonly string[] => [
  ...publicLines(keys),
  ...publicLines(next?.keys ?? []),
  ...(former ?? []),
];

import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { SallyportError } from '../../core/errors.ts';
import { operatorIdOf } from '../../core/model/ids.ts';
import { maxGroups } from '../../core/model/operator.ts';
import type { Tokens } from '../../core/ports/tokens.ts';

/** Signatures that a public key checks; `none` and shared secrets are not among them. */
const algorithms = ['ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'EdDSA'];
const maxTokenLength = 8_192;

/**
 * Access tokens of one OIDC issuer (RFC 9068's checks: signature, issuer, audience, lifetime). Cognito's access tokens
 * carry `client_id` in the place of an audience.
 */
export const createTokens = (options: {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string;
}): Tokens => {
  const keys = createRemoteJWKSet(new URL(options.jwks), { cooldownDuration: 30_000, timeoutDuration: 3_000 });
  return {
    async verify(token) {
      if (token.length > maxTokenLength)
        throw new SallyportError('unauthenticated', { detail: 'the token is too long' });
      const payload = await jwtVerify(token, keys, {
        issuer: options.issuer,
        algorithms,
        requiredClaims: ['sub', 'exp', 'iat'],
      })
        .then((result) => result.payload)
        .catch((cause: unknown) => {
          throw new SallyportError('unauthenticated', { cause });
        });
      const audience = [payload.aud ?? payload.client_id].flat();
      if (!audience.includes(options.audience)) throw new SallyportError('unauthenticated');
      return {
        id: operatorIdOf(options.issuer, payload.sub ?? ''),
        groups: groupsOf(payload),
        issuedAt: (payload.iat ?? 0) * 1_000,
        expiresAt: (payload.exp ?? 0) * 1_000,
      };
    },
  };
};

const groupsOf = (payload: JWTPayload): readonly string[] => {
  const claim = payload['cognito:groups'] ?? payload.groups ?? [];
  if (!Array.isArray(claim) || claim.some((group) => typeof group !== 'string') || claim.length > maxGroups)
    throw new SallyportError('unauthenticated', { detail: `groups must be at most ${maxGroups} names` });
  return claim;
};

import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { JwtAuthorizer, Route } from './api-definition.ts';
import { GatewayRefusal } from './gateway-refusal.ts';

export interface JwtIdentity {
  readonly claims: Readonly<Record<string, string>>;
  /** The route's scopes that the token has, or null for a route without scopes. */
  readonly scopes: readonly string[] | null;
}

/** API Gateway: "Currently, only RSA-based algorithms are supported." */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/**
 * Does what the JWT authorizer of an HTTP API does ("Controlling access to HTTP APIs with JWT authorizers").
 *
 * @throws GatewayRefusal 401 for a token that is absent or not valid, 403 for one without any of the route's scopes.
 */
export async function checkJwt(
  token: string | undefined,
  authorizer: JwtAuthorizer,
  { route, keys }: { readonly route: Route; readonly keys: JWTVerifyGetKey },
): Promise<JwtIdentity> {
  if (token === undefined || token === '') throw unauthorized('no token');
  const payload = await verify(token.replace(/^Bearer\s+/i, ''), authorizer, keys);
  const granted = textOf(payload.scope ?? payload.scp ?? '').split(' ');
  const scopes = route.scopes.filter((scope) => granted.includes(scope));
  if (route.scopes.length > 0 && scopes.length === 0) throw new GatewayRefusal(403, 'no scope of the route');
  const claims = Object.entries(payload).map(([name, value]) => [name, textOf(value)]);
  return { claims: Object.fromEntries(claims), scopes: route.scopes.length === 0 ? null : scopes };
}

async function verify(token: string, authorizer: JwtAuthorizer, keys: JWTVerifyGetKey): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: authorizer.issuer,
      algorithms,
      requiredClaims: ['exp'],
    });
    const { aud } = payload;
    // Without `aud` the token's client id is compared (Cognito's access tokens have none).
    const audiences = aud === undefined ? [payload.client_id] : [aud].flat();
    if (!audiences.some((one) => typeof one === 'string' && authorizer.audience.includes(one))) {
      throw unauthorized('another audience');
    }
    if (payload.iat !== undefined && payload.iat * 1000 > Date.now() + 1000) throw unauthorized('issued in the future');
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw unauthorized(error.code);
    throw error;
  }
}

const unauthorized = (detail: string) => new GatewayRefusal(401, detail, { 'www-authenticate': 'Bearer' });

/** How API Gateway hands claims over: all are text, and a list becomes `[a b]`. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

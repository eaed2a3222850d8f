import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, SignJWT } from 'jose';
import { serveLoopback } from '../loopback.ts';
import { algorithm, readSigningKey } from './signing-key.ts';

export interface TokenIssuerOptions {
  /** Where the key is kept, so that a second start knows the first one's tokens; without it, in memory. */
  readonly keyFile?: string;
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** `iss` of its tokens; default: its own URL. */
  readonly issuer?: string;
  /** `aud` of its tokens where none is asked for. */
  readonly audience: string;
}

export interface TokenWish {
  readonly groups?: readonly string[];
  readonly audience?: string;
  /** Seconds; default 3,600. Below zero it has expired already. */
  readonly lifetime?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface TokenIssuer {
  readonly issuer: string;
  readonly url: string;
  readonly jwksUrl: string;
  /** Its public keys, for whoever sits in this process. */
  readonly keys: JWTVerifyGetKey;
  token(subject: string, wish?: TokenWish): Promise<string>;
  close(): Promise<void>;
}

/** Starts an issuer of tokens that publishes its keys as OpenID Connect Discovery says. Rejects when the port is taken. */
export async function startTokenIssuer(options: TokenIssuerOptions): Promise<TokenIssuer> {
  const key = await readSigningKey(options.keyFile);
  const jwks: JSONWebKeySet = { keys: [key.publicJwk] };
  const server = await serveLoopback((request, response) => {
    const document = request.method === 'GET' ? documents.get(request.url ?? '') : undefined;
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? { error: 'not_found' }));
  }, options.port);
  const { url } = server;
  const issuer = options.issuer ?? url;
  const jwksUrl = `${url}/jwks.json`;
  const discovery = {
    issuer,
    jwks_uri: jwksUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
  const documents = new Map<string, unknown>([
    ['/jwks.json', jwks],
    ['/.well-known/jwks.json', jwks],
    ['/.well-known/openid-configuration', discovery],
  ]);

  return {
    issuer,
    url,
    jwksUrl,
    keys: createLocalJWKSet(jwks),
    token: (subject, { groups = [], audience = options.audience, lifetime = 3_600, claims = {} } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ ...claims, ...(groups.length === 0 ? {} : { groups: [...groups] }) })
        .setProtectedHeader({ alg: algorithm, kid: key.id, typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt(Math.min(now, now + lifetime))
        .setExpirationTime(now + lifetime)
        .sign(key.privateKey);
    },
    close: server.close,
  };
}

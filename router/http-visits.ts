import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { SallyportError } from '../core/errors.ts';
import type { Target } from '../core/model/host-name.ts';
import { linkPath, ownPaths } from '../core/model/link.ts';
import { operatorSignedIn, type SpendPorts, spendLink } from '../core/use-cases/spend-link.ts';
import { cookieIn, visitCookie } from './http-cookies.ts';
import type { Credential } from './http-credential.ts';

/** Read visits are remembered for a moment: a page asks for fifty things at once. */
const rememberMilliseconds = 5_000;

/** How a browser comes in: by a link, which becomes a cookie of the tunnel's own name. */
export const createVisits = (ports: SpendPorts) => {
  const known = new LRUCache<string, Omit<Credential, 'header'>>({ max: 1_000, ttl: rememberMilliseconds });

  /** Serves what is below our own paths. Throws the refusal. */
  const enter = async (
    request: IncomingMessage,
    response: ServerResponse,
    { target, source }: { readonly target: Target; readonly source: string },
  ): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://router.invalid');
    if (pathname !== linkPath || target.kind !== 'tunnel') throw new SallyportError('not_found');
    // Whatever looks at a link before a person does, such as a chat's preview, asks for its head.
    if (request.method !== 'GET') throw new SallyportError('method_not_allowed');
    const token = searchParams.get('token') ?? '';
    const visit = await spendLink(ports, { token, tunnel: target.tunnel, source });
    response.writeHead(303, {
      location: '/',
      'set-cookie': visitCookie(visit.token, visit.endsAt - ports.clock.now()),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-length': 0,
    });
    response.end();
  };

  return {
    isOwn: (request: IncomingMessage): boolean => (request.url ?? '').startsWith(ownPaths),
    enter,

    /** Undefined without a cookie of ours. Throws `unauthenticated`, `sign_in_expired` and `forbidden`. */
    async credentialOf(request: IncomingMessage, target: Target): Promise<Credential | undefined> {
      const token = cookieIn(request.headers.cookie);
      if (token === undefined) return undefined;
      refuseForeign(request);
      const tunnel = target.kind === 'tunnel' ? target.tunnel : undefined;
      const remembered = known.get(`${tunnel} ${token}`);
      if (remembered !== undefined && ports.clock.now() < remembered.expiresAt)
        return { ...remembered, header: 'cookie' };
      const visit = await ports.links.readVisit(token);
      if (visit.tunnel !== tunnel)
        throw new SallyportError('unauthenticated', { detail: 'the cookie is of another tunnel' });
      const credential = { operator: await operatorSignedIn(ports, visit.operator), expiresAt: visit.endsAt };
      known.set(`${tunnel} ${token}`, credential);
      return { ...credential, header: 'cookie' };
    },
  };
};
export type Visits = ReturnType<typeof createVisits>;

/**
 * A cookie comes along whoever made the browser ask. To a browser the names of all tunnels are one site, so that SameSite
 * does not keep another device's page out. What the browser itself says of the asker does: Fetch Metadata, and in older
 * ones Origin (RFC 6454). A person's own click or address bar may come from anywhere, but fills a whole window.
 */
const refuseForeign = ({ headers, method = '' }: IncomingMessage): void => {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign =
    site === undefined
      ? origin !== undefined && origin !== `https://${host}`
      : site !== 'same-origin' && site !== 'none';
  const isOpened =
    (method === 'GET' || method === 'HEAD') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document';
  if (isForeign && !isOpened)
    throw new SallyportError('forbidden', { detail: 'a page of another name asked for this, not you' });
};

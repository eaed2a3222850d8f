import type { ApiDefinition } from './api-definition.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { IamIdentity } from './iam-check.ts';
import type { JwtIdentity } from './jwt-check.ts';
import type { RouteMatch } from './route-match.ts';

/** Who the authorizer says it is; absent on a route without one. */
export type Identity = { readonly jwt: JwtIdentity } | { readonly iam: IamIdentity } | undefined;

/** The event of a Lambda integration, payload format 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs"). */
export function lambdaEvent(
  request: GatewayRequest,
  { route, parameters }: RouteMatch,
  context: { readonly api: ApiDefinition; readonly account: string; readonly identity: Identity },
): Readonly<Record<string, unknown>> {
  const { api, account, identity } = context;
  const path = decode(request.path);
  const text = isText(request.headers['content-type']);
  const domain = request.headers.host ?? '';
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: path,
    rawQueryString: request.query,
    ...(request.cookies.length === 0 ? {} : { cookies: request.cookies }),
    headers: request.headers,
    ...(request.query === '' ? {} : { queryStringParameters: joinedQuery(request.query) }),
    requestContext: {
      accountId: account,
      apiId: api.id,
      ...(identity === undefined ? {} : { authorizer: identity }),
      domainName: domain,
      domainPrefix: domain.split('.')[0],
      http: {
        method: request.method,
        path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.id,
      routeKey: route.routeKey,
      stage: '$default',
      time: clockTime(request.at),
      timeEpoch: request.at,
    },
    ...(Object.keys(parameters).length === 0 ? {} : { pathParameters: parameters }),
    ...(request.body.length === 0 ? {} : { body: request.body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !text,
  };
}

/** Other types reach the function as base64. */
function isText(contentType = ''): boolean {
  return /^(text\/|application\/(json|javascript|xml)\b)/i.test(contentType);
}

/** A parameter that stands more than once has its values joined by commas. */
function joinedQuery(query: string): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    joined[name] = Object.hasOwn(joined, name) ? `${joined[name]},${value}` : value;
  }
  return joined;
}

/** `12/Mar/2020:19:03:58 +0000` */
export function clockTime(at: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(new Date(at).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

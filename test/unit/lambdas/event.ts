import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpHandler } from '../../../lambdas/edge/http.ts';

export type Asked = {
  /** `POST /v1/devices/{device}/tunnels` */
  readonly route: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly base64?: boolean;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly iam?: { readonly accountId: string; readonly userId: string };
};

export const issuer = 'https://issuer.test';
/** As the HTTP API hands them over: arrays as `[a b]`, numbers as text. */
export const claims = { iss: issuer, sub: 'ada', iat: '1795262400', 'cognito:groups': '[field office]' };
export const adminClaims = { ...claims, sub: 'root', 'cognito:groups': '[admins]' };

/** An event of payload format 2.0, as API Gateway's documentation shows it. */
export const eventOf = (asked: Asked): APIGatewayProxyEventV2 => {
  const [method = '', template = ''] = asked.route.split(' ');
  const rawPath = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(asked.path?.[name] ?? ''));
  const bytes = Buffer.isBuffer(asked.body) ? asked.body : undefined;
  const text = typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body);
  const base64 = asked.base64 === true || bytes !== undefined;
  const authorizer =
    asked.iam === undefined ? { jwt: { claims: asked.claims ?? claims, scopes: null } } : { iam: asked.iam };
  const context = {
    accountId: '123456789012',
    apiId: 'api',
    domainName: 'api.sallyport.test',
    domainPrefix: 'api',
    http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: 'curl' },
    requestId: 'id',
    routeKey: asked.route,
    stage: '$default',
    time: '21/Nov/2026:12:00:00 +0000',
    timeEpoch: 1_795_262_400_000,
    authorizer,
  };
  return {
    version: '2.0',
    routeKey: asked.route,
    rawPath,
    rawQueryString: new URLSearchParams(asked.query).toString(),
    headers: { 'content-type': 'application/json', ...asked.headers },
    ...(asked.query === undefined ? {} : { queryStringParameters: { ...asked.query } }),
    ...(asked.path === undefined ? {} : { pathParameters: { ...asked.path } }),
    requestContext: context,
    ...(text === undefined ? {} : { body: base64 ? (bytes ?? Buffer.from(text)).toString('base64') : text }),
    isBase64Encoded: base64,
  };
};

/** The answer, its body read. */
export const ask = async (handler: HttpHandler, asked: Asked) => {
  const { statusCode, headers, body } = await handler(eventOf(asked));
  return { status: statusCode, headers: headers ?? {}, body: body === undefined ? undefined : JSON.parse(body) };
};

import type { ApiDefinition } from './api-definition.ts';
import type { GatewayRequest } from './gateway-request.ts';
import { clockTime } from './lambda-event.ts';
import type { RouteMatch } from './route-match.ts';

export interface Access {
  readonly api: ApiDefinition;
  readonly request: GatewayRequest | undefined;
  readonly match: RouteMatch | undefined;
  readonly status: number;
  /** Bytes of the body. */
  readonly length: number;
  /** Why the gateway answered in the function's place. */
  readonly detail: string;
}

/** Without a format of the stage's own, what a person wants to see. */
const ownFormat =
  '{"api":"$context.apiName","request":"$context.requestId","method":"$context.httpMethod","path":"$context.path","status":"$context.status","ms":"$context.responseLatency","error":"$context.error.message"}';

/** One line of the access log ("Customize HTTP API access logs"). A variable that has no value here is `-`, as there. */
export function accessLine(format: string | undefined, access: Access): string {
  const values = valuesOf(access);
  return (format ?? ownFormat).replace(/\$context\.([\w.]+)/g, (_, name: string) => {
    const value = values[name];
    // The formats are JSON, and a path is whatever the client wrote.
    return value === undefined || value === '' ? '-' : JSON.stringify(value).slice(1, -1);
  });
}

function valuesOf({
  api,
  request,
  match,
  status,
  length,
  detail,
}: Access): Readonly<Record<string, string | undefined>> {
  const took = request === undefined ? undefined : String(Date.now() - request.at);
  return {
    apiId: api.id,
    apiName: api.name,
    requestId: request?.id,
    extendedRequestId: request?.id,
    httpMethod: request?.method,
    path: request?.path,
    protocol: request?.protocol,
    'identity.sourceIp': request?.sourceIp,
    'identity.userAgent': request?.headers['user-agent'],
    requestTime: request === undefined ? undefined : clockTime(request.at),
    requestTimeEpoch: request === undefined ? undefined : String(request.at),
    routeKey: match?.route.routeKey,
    stage: '$default',
    status: String(status),
    responseLength: String(length),
    responseLatency: took,
    integrationLatency: took,
    'error.message': detail,
    integrationErrorMessage: detail,
    'integration.error': detail,
    'authorizer.error': status === 401 || status === 403 ? detail : undefined,
  };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWTVerifyGetKey } from 'jose';
import type { OutcomeMessage } from '../lambda/invocation.ts';
import { LambdaError } from '../lambda/lambda-error.ts';
import { type LoopbackServer, serveLoopback } from '../loopback.ts';
import { accessLine } from './access-log.ts';
import type { ApiDefinition, Integration, Route } from './api-definition.ts';
import { GatewayRefusal } from './gateway-refusal.ts';
import { type GatewayRequest, readRequest } from './gateway-request.ts';
import type { IamCheck } from './iam-check.ts';
import { checkJwt } from './jwt-check.ts';
import { type GatewayAnswer, gatewayAnswer } from './lambda-answer.ts';
import { type Identity, lambdaEvent } from './lambda-event.ts';
import { RateLimiter } from './rate-limiter.ts';
import { matchRoute, type RouteMatch } from './route-match.ts';

export interface HttpApiOptions {
  readonly api: ApiDefinition;
  readonly account: string;
  readonly region: string;
  /** The keys of a token issuer. */
  readonly keysOf: (issuer: string) => JWTVerifyGetKey;
  readonly checkIam: IamCheck;
  /** Invokes a function for a route. Throws when its resource policy does not admit the route. */
  readonly invoke: (functionArn: string, payload: string, sourceArn: string) => Promise<OutcomeMessage>;
  readonly onAccess: (line: string) => void;
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
}

/** Serves one HTTP API as API Gateway does. Rejects when the port is taken. */
export function startHttpApi(options: HttpApiOptions): Promise<LoopbackServer> {
  const gateway = new Gateway(options);
  return serveLoopback((message, response) => void gateway.serve(message, response), options.port);
}

class Gateway {
  private readonly options: HttpApiOptions;
  private readonly limiters = new Map<string, RateLimiter>();

  constructor(options: HttpApiOptions) {
    this.options = options;
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let request: GatewayRequest | undefined;
    let match: RouteMatch | undefined;
    let detail = '';
    let answer: GatewayAnswer;
    try {
      request = await readRequest(message);
      match = matchRoute(this.options.api.routes, request.method, request.path);
      if (match === undefined) throw new GatewayRefusal(404, 'no route');
      answer = await this.handle(request, match);
    } catch (error) {
      const refusal = error instanceof GatewayRefusal ? error : new GatewayRefusal(500, String(error));
      detail = refusal.message;
      const headers = { 'content-type': 'application/json', ...refusal.headers };
      answer = { status: refusal.status, headers, body: Buffer.from(refusal.body) };
    }
    const { status, headers, body } = answer;
    const id = request?.id ?? '';
    response.writeHead(status, { ...headers, 'content-length': body.length, 'apigw-requestid': id });
    response.end(body);
    const format = this.options.api.stage?.accessLogFormat;
    const { api } = this.options;
    this.options.onAccess(accessLine(format, { api, request, match, status, length: body.length, detail }));
  }

  private async handle(request: GatewayRequest, match: RouteMatch): Promise<GatewayAnswer> {
    const { api, account, region } = this.options;
    const { route } = match;
    this.throttle(route);
    const at = `arn:aws:execute-api:${region}:${account}:${api.id}`;
    const identity = await this.identify(request, route, `${at}/$default/${request.method}${request.path}`);
    const integration = api.integrations.get(route.integrationId);
    if (integration === undefined) throw new GatewayRefusal(500, `route ${route.routeKey} has no integration`);
    const event = JSON.stringify(lambdaEvent(request, match, { api, account, identity }));
    // What Lambda sees as the source: stage, method and the route's path as it is written.
    const [method, pattern = ''] = route.routeKey.split(' ');
    const source =
      route.routeKey === '$default'
        ? `${at}/$default/$default`
        : `${at}/$default/${method === 'ANY' ? '*' : method}${pattern}`;
    return this.integrate(integration, event, source);
  }

  private throttle({ routeKey }: Route): void {
    const { stage } = this.options.api;
    const limit = stage?.routeLimits.get(routeKey) ?? stage?.limit;
    if (limit === undefined) return;
    const key = stage?.routeLimits.has(routeKey) ? routeKey : '';
    const limiter = this.limiters.get(key) ?? new RateLimiter(limit);
    this.limiters.set(key, limiter);
    if (!limiter.take()) throw new GatewayRefusal(429, 'throttled');
  }

  private async identify(request: GatewayRequest, route: Route, resourceArn: string): Promise<Identity> {
    if (route.authorization === 'NONE') return undefined;
    if (route.authorization === 'AWS_IAM') return { iam: await this.options.checkIam(request, resourceArn) };
    const authorizer = this.options.api.authorizers.get(route.authorizerId ?? '');
    if (authorizer === undefined) throw new GatewayRefusal(500, `route ${route.routeKey} has no authorizer`);
    const token = identityOf(request, authorizer.identitySource);
    return { jwt: await checkJwt(token, authorizer, { route, keys: this.options.keysOf(authorizer.issuer) }) };
  }

  private async integrate(integration: Integration, event: string, source: string): Promise<GatewayAnswer> {
    const { functionArn, timeoutMilliseconds } = integration;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const refuse = () => reject(new GatewayRefusal(503, `the function took longer than ${timeoutMilliseconds} ms`));
      timer = setTimeout(refuse, timeoutMilliseconds);
    });
    try {
      const outcome = await Promise.race([this.options.invoke(functionArn, event, source), late]);
      if (outcome.kind === 'failure') throw new GatewayRefusal(500, outcome.error.errorMessage);
      return gatewayAnswer(outcome.payload);
    } catch (error) {
      if (error instanceof LambdaError && error.status === 429)
        throw new GatewayRefusal(503, 'the function is throttled');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function identityOf(request: GatewayRequest, source: string): string | undefined {
  const [, place, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  if (place === 'header') return request.headers[name.toLowerCase()];
  return new URLSearchParams(request.query).get(name) ?? undefined;
}

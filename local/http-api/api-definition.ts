import type { RateLimit } from './rate-limiter.ts';

/** One HTTP API as the templates describe it (`AWS::ApiGatewayV2::*`). */
export interface ApiDefinition {
  readonly id: string;
  readonly name: string;
  readonly logicalId: string;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, JwtAuthorizer>;
  readonly routes: Route[];
  stage: Stage | undefined;
}

export interface Integration {
  readonly id: string;
  readonly functionArn: string;
  readonly timeoutMilliseconds: number;
}

export interface JwtAuthorizer {
  readonly id: string;
  /** `$request.header.<name>` or `$request.querystring.<name>` */
  readonly identitySource: string;
  readonly issuer: string;
  readonly audience: readonly string[];
}

export interface Route {
  readonly id: string;
  /** `GET /v1/devices/{device}`, `ANY /{proxy+}` or `$default` */
  readonly routeKey: string;
  readonly integrationId: string;
  readonly authorization: 'NONE' | 'JWT' | 'AWS_IAM';
  readonly authorizerId?: string;
  readonly scopes: readonly string[];
}

export interface Stage {
  readonly limit?: RateLimit;
  readonly routeLimits: ReadonlyMap<string, RateLimit>;
  readonly accessLogFormat?: string;
}

/** Collects the parts of APIs as their resources are made, in any order that references allow. */
export class ApiDefinitions {
  private readonly apis = new Map<string, ApiDefinition>();
  private readonly open: (api: ApiDefinition) => Promise<string>;

  /** @param open starts serving an API and answers its URL. Routes that are added later are served too. */
  constructor(open: (api: ApiDefinition) => Promise<string>) {
    this.open = open;
  }

  addApi(api: Pick<ApiDefinition, 'id' | 'name' | 'logicalId'>): Promise<string> {
    const whole = { ...api, integrations: new Map(), authorizers: new Map(), routes: [], stage: undefined };
    this.apis.set(api.id, whole);
    return this.open(whole);
  }

  addIntegration(apiId: string, integration: Integration): void {
    this.api(apiId).integrations.set(integration.id, integration);
  }

  addAuthorizer(apiId: string, authorizer: JwtAuthorizer): void {
    this.api(apiId).authorizers.set(authorizer.id, authorizer);
  }

  addRoute(apiId: string, route: Route): void {
    const { routes } = this.api(apiId);
    if (routes.some(({ routeKey }) => routeKey === route.routeKey)) throw new Error(`${route.routeKey} stands twice`);
    routes.push(route);
  }

  setStage(apiId: string, stage: Stage): void {
    this.api(apiId).stage = stage;
  }

  all(): readonly ApiDefinition[] {
    return [...this.apis.values()];
  }

  private api(id: string): ApiDefinition {
    const api = this.apis.get(id);
    if (api === undefined) throw new Error(`there is no API ${id}`);
    return api;
  }
}

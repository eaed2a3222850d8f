import { Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { FunctionName } from '../functions.ts';
import { routes } from '../routes.ts';
import type { StageConfig } from '../stage-config.ts';
import { HouseLogGroup } from './house-log-group.ts';

/** Ids and codes; no query, no body, no header, for those may carry what a person typed. */
const accessLog = {
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  source: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  bytes: '$context.responseLength',
  milliseconds: '$context.responseLatency',
  refusal: '$context.authorizer.error',
  fault: '$context.integrationErrorMessage',
} as const;

/**
 * One of the two HTTP APIs: the same routes over the same functions, one kind of authorizer. An HTTP API admits one
 * authorizer a route, which is why there are two. No CORS: no browser calls it from another origin.
 */
export class HouseApi extends Construct {
  readonly url: string;
  readonly id: string;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly name: string;
      readonly authorizer: IHttpRouteAuthorizer;
      readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
      readonly config: StageConfig;
      readonly key: IKey;
    },
  ) {
    super(scope, id);
    const { authorizer, functions, config, key } = options;
    const api = new HttpApi(this, 'Api', {
      apiName: options.name,
      createDefaultStage: false,
      defaultAuthorizer: authorizer,
    });
    const logGroup = new HouseLogGroup(this, 'AccessLogs', { key, days: config.retention.logDays });
    new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: config.api.requestsPerSecond, burstLimit: config.api.burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(accessLog)),
      },
    });
    const integrations = new Map<FunctionName, HttpLambdaIntegration>();
    for (const route of routes) {
      const name = route.function;
      const integration = integrations.get(name) ?? new HttpLambdaIntegration(name, functions[name]);
      integrations.set(name, integration);
      api.addRoutes({ path: route.path, methods: [HttpMethod[route.method]], integration });
    }
    const { region, urlSuffix } = Stack.of(this);
    // Without the slash that the stage ends with: a path is put behind it, and `//v1` is no route.
    this.url = `https://${api.apiId}.execute-api.${region}.${urlSuffix}`;
    this.id = api.apiId;
  }
}

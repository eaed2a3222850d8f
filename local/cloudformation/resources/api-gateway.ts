import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, number, tags } from './values.ts';

const apiProperties = z.strictObject({
  Name: z.string(),
  ProtocolType: z.literal('HTTP'),
  Description: ignored,
  // Whether AWS's own host name works beside the deployment's; there is one address here.
  DisableExecuteApiEndpoint: ignored,
  Tags: tags,
});

export const apiGatewayApi = handler('AWS::ApiGatewayV2::Api', apiProperties, async (given, resource) => {
  const id = resource.physicalName(255).slice(-12).toLowerCase();
  const endpoint = await resource.cloud.apis.addApi({ id, name: given.Name, logicalId: resource.logicalId });
  return { ref: id, attributes: { ApiId: id, ApiEndpoint: endpoint } };
});

const integrationProperties = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string().regex(/^arn:aws:lambda:/, 'only Lambda functions are integrated here'),
  PayloadFormatVersion: z.literal('2.0'),
  IntegrationMethod: z.literal('POST').optional(),
  TimeoutInMillis: number.default(30_000),
  Description: ignored,
});

export const apiGatewayIntegration = handler(
  'AWS::ApiGatewayV2::Integration',
  integrationProperties,
  (given, resource) => {
    const id = resource.physicalName(255).slice(-12).toLowerCase();
    resource.cloud.apis.addIntegration(given.ApiId, {
      id,
      functionArn: given.IntegrationUri,
      timeoutMilliseconds: given.TimeoutInMillis,
    });
    return { ref: id };
  },
);

const authorizerProperties = z.strictObject({
  ApiId: z.string(),
  AuthorizerType: z.literal('JWT'),
  IdentitySource: z.array(z.string().regex(/^\$request\.(header|querystring)\.[\w-]+$/)).length(1),
  JwtConfiguration: z.strictObject({ Audience: z.array(z.string()), Issuer: z.string() }),
  Name: z.string(),
});

export const apiGatewayAuthorizer = handler(
  'AWS::ApiGatewayV2::Authorizer',
  authorizerProperties,
  (given, resource) => {
    const id = resource.physicalName(255).slice(-12).toLowerCase();
    resource.cloud.apis.addAuthorizer(given.ApiId, {
      id,
      identitySource: given.IdentitySource[0] ?? '',
      issuer: given.JwtConfiguration.Issuer,
      audience: given.JwtConfiguration.Audience,
    });
    return { ref: id, attributes: { AuthorizerId: id } };
  },
);

const routeProperties = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string().regex(/^(\$default|(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) \/\S*)$/),
  Target: z.string().regex(/^integrations\/[\w-]+$/),
  AuthorizationType: z.enum(['NONE', 'JWT', 'AWS_IAM']).default('NONE'),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: z.array(z.string()).default([]),
  OperationName: ignored,
});

export const apiGatewayRoute = handler('AWS::ApiGatewayV2::Route', routeProperties, (given, resource) => {
  const id = resource.physicalName(255).slice(-12).toLowerCase();
  resource.cloud.apis.addRoute(given.ApiId, {
    id,
    routeKey: given.RouteKey,
    integrationId: given.Target.slice('integrations/'.length),
    authorization: given.AuthorizationType,
    scopes: given.AuthorizationScopes,
    ...(given.AuthorizerId === undefined ? {} : { authorizerId: given.AuthorizerId }),
  });
  return { ref: id };
});

const throttle = z.strictObject({
  ThrottlingBurstLimit: number.optional(),
  ThrottlingRateLimit: number.optional(),
  DetailedMetricsEnabled: ignored,
});

const stageProperties = z.strictObject({
  ApiId: z.string(),
  // Another name would stand in every path.
  StageName: z.literal('$default'),
  AutoDeploy: boolean.optional(),
  DefaultRouteSettings: throttle.default({}),
  RouteSettings: z.record(z.string(), throttle).default({}),
  AccessLogSettings: z.strictObject({ DestinationArn: ignored, Format: z.string().optional() }).optional(),
  Description: ignored,
  Tags: tags,
});

export const apiGatewayStage = handler('AWS::ApiGatewayV2::Stage', stageProperties, (given, resource) => {
  const limit = ({ ThrottlingBurstLimit: burst, ThrottlingRateLimit: rate }: z.output<typeof throttle>) =>
    burst === undefined || rate === undefined ? undefined : { burst, perSecond: rate };
  const routes = Object.entries(given.RouteSettings).flatMap(([key, settings]) => {
    const one = limit(settings);
    return one === undefined ? [] : [[key, one] as const];
  });
  const whole = limit(given.DefaultRouteSettings);
  resource.cloud.apis.setStage(given.ApiId, {
    routeLimits: new Map(routes),
    ...(whole === undefined ? {} : { limit: whole }),
    ...(given.AccessLogSettings?.Format === undefined ? {} : { accessLogFormat: given.AccessLogSettings.Format }),
  });
  return { ref: given.StageName };
});

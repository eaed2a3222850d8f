import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { canaryDevice } from '../../core/canary-steps.ts';
import type { FunctionParts } from '../foundation.ts';
import { proxyDomain } from '../stage-config.ts';
import { HouseFunction } from './house-function.ts';

const minutes = 5;

/**
 * An operator like any other, by its role: it may call the API behind IAM for its own device, and reaches what a grant
 * gives it. An administrator makes that grant once (docs/operations.md).
 */
export class Canary extends Construct {
  readonly lambda: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    options: FunctionParts & {
      readonly routerHost: string;
      readonly api: { readonly url: string; readonly id: string };
    },
  ) {
    super(scope, id);
    const { config, foundation, assets, api } = options;
    const stack = Stack.of(this);
    const route = (path: string) =>
      stack.formatArn({ service: 'execute-api', resource: api.id, resourceName: `$default/${path}` });
    const { lambda } = new HouseFunction(this, 'Function', {
      ...{ name: 'canary', config, assets, key: foundation.key },
      // Its key is made in memory: two at a time would take each other's away.
      reserved: 1,
      environment: {
        SALLYPORT_API_URL: api.url,
        SALLYPORT_ROUTER_HOST: options.routerHost,
        SALLYPORT_DOMAIN: proxyDomain(config),
        SALLYPORT_HTTPS: config.domain === undefined ? 'off' : 'on',
      },
      statements: [
        new PolicyStatement({
          sid: 'Device',
          actions: ['execute-api:Invoke'],
          resources: [route(`POST/v1/devices/${canaryDevice}/tunnels`), route(`GET/v1/devices/${canaryDevice}`)],
        }),
        new PolicyStatement({
          sid: 'OwnTunnels',
          actions: ['execute-api:Invoke'],
          resources: [
            route('GET/v1/tunnels'),
            route('GET/v1/tunnels/*'),
            route('POST/v1/tunnels/*/links'),
            route('DELETE/v1/tunnels/*'),
          ],
        }),
        new PolicyStatement({
          sid: 'OwnKeys',
          actions: ['execute-api:Invoke'],
          resources: [
            route('GET/v1/me'),
            route('GET/v1/me/keys'),
            route('POST/v1/me/keys'),
            route('POST/v1/me/keys/challenges'),
            route('DELETE/v1/me/keys/*'),
          ],
        }),
      ],
    });
    this.lambda = lambda;
    new Rule(this, 'EachFewMinutes', {
      description: 'Opens real tunnels to the device of the canary',
      schedule: Schedule.rate(Duration.minutes(minutes)),
      targets: [new LambdaTarget(lambda, { maxEventAge: Duration.minutes(minutes), retryAttempts: 0 })],
    });
    lambda.configureAsyncInvoke({ maxEventAge: Duration.minutes(minutes), retryAttempts: 0 });
  }
}

import type { Context, IoTCustomAuthorizerEvent, IoTCustomAuthorizerResult } from 'aws-lambda';
import { SallyportError } from '../core/errors.ts';
import type { Tokens } from '../core/ports/tokens.ts';
import { clientIdsOf, operatorPolicy } from '../core/use-cases/operator-policy.ts';
import { logFailure } from './edge/failure.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** What AWS IoT takes for the life and the refreshing of a connection, in seconds. */
const connection = { min: 300, max: 86_400 } as const;

export type Ports = EdgePorts & { readonly tokens: Tokens };

const denied: IoTCustomAuthorizerResult = {
  isAuthenticated: false,
  principalId: 'nobody',
  disconnectAfterInSeconds: connection.min,
  refreshAfterInSeconds: connection.min,
  policyDocuments: [],
};

/**
 * Admits an operator to the broker by the API token that they give as MQTT password, under their own client ids. The
 * connection ends before the token does; one with less than the 5 minutes that AWS IoT asks for opens nothing. Each
 * attempt leaves a record, and nobody is admitted without one; what the broker denies later stands in its own log.
 */
export const respond = async (
  ports: Ports,
  event: IoTCustomAuthorizerEvent,
  arn: string,
): Promise<IoTCustomAuthorizerResult> => {
  const { hub, clock } = ports;
  const { mqtt } = event.protocolData;
  const attempt = { action: 'mqtt.connect', way: 'mqtt', facts: { clientId: mqtt?.clientId ?? '' } };
  let operator: string | undefined;
  try {
    const token = mqtt?.password === undefined ? event.token : Buffer.from(mqtt.password, 'base64').toString('utf8');
    const { id, expiresAt } = await ports.tokens.verify(token ?? '');
    operator = id;
    if (!clientIdsOf(id).includes(mqtt?.clientId ?? ''))
      throw new SallyportError('forbidden', { detail: 'not a client id of this operator' });
    const seconds = Math.min(connection.max, Math.floor((expiresAt - clock.now()) / 1_000));
    if (seconds < connection.min) throw new SallyportError('unauthenticated', { detail: 'the token ends too soon' });
    await hub.allowed({ ...attempt, operator, facts: { ...attempt.facts, seconds } });
    return {
      isAuthenticated: true,
      principalId: id,
      disconnectAfterInSeconds: seconds,
      refreshAfterInSeconds: seconds,
      policyDocuments: [operatorPolicy(id, arn)],
    };
  } catch (error) {
    logFailure(hub, error);
    const code = error instanceof SallyportError ? error.code : 'internal';
    const why = error instanceof SallyportError ? error.message : 'an internal error';
    hub.refused({ ...attempt, operator, code, facts: { ...attempt.facts, why } });
    return denied;
  }
};

/** The broker's ARNs stand beside the function's own: same partition, Region and account. */
export const brokerArn = (functionArn: string): string => {
  const [, partition, , region, account] = functionArn.split(':');
  if (account === undefined || account === '') throw new TypeError('the function does not know its own ARN');
  return `arn:${partition}:iot:${region}:${account}`;
};

const connect = wiring.wire(() => ({ ...wiring.edge('mqtt-authorizer', wiring.auditLog()), tokens: wiring.tokens() }));
let connected: Ports | undefined;

export const handler = async (
  event: IoTCustomAuthorizerEvent,
  context: Pick<Context, 'invokedFunctionArn'>,
): Promise<IoTCustomAuthorizerResult> => {
  connected ??= connect();
  const answer = await respond(connected, event, brokerArn(context.invokedFunctionArn));
  await connected.hub.settle();
  connected.flush();
  return answer;
};

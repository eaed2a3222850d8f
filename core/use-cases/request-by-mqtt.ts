import * as z from 'zod';
import { type ErrorCode, problemOf, SallyportError } from '../errors.ts';
import { operatorIdPattern } from '../model/ids.ts';
import { isSignedIn } from '../model/operator.ts';
import type { Once } from '../ports/once.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';
import type { OperatorMessages } from '../ports/operator-messages.ts';
import { bodyBytes, mqttRequestSchema } from '../wire/api.ts';
import { parse, parseJson } from '../wire/parse.ts';
import type { TunnelView } from '../wire/tunnel-view.ts';
import { clientIdsOf } from './operator-policy.ts';
import { type RequestPorts, requestTunnel } from './request-tunnel.ts';
import { runOnce } from './run-once.ts';

export type MqttRequestPorts = RequestPorts & {
  readonly operatorKeys: Pick<OperatorKeys, 'signIn'>;
  readonly operatorMessages: OperatorMessages;
  readonly once: Once;
  readonly signInMilliseconds: number;
};

/** What the broker vouches for, and the payload as it came, in base-64. */
export type IngestedRequest = {
  readonly payload: string;
  readonly operator: string;
  readonly clientId: string;
};

const requestIdSchema = z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });

/**
 * A request by MQTT. Who asks stands in the topic, which the broker's policy gives to that operator alone; the groups are
 * those of the last sign-in at the API, which must be recent. The answer goes to the operator's own topic, under the
 * request's id, which is its idempotency key too. Answers the outcome for logs and metrics; throws what a retry may mend.
 */
export const requestByMqtt = async (
  ports: MqttRequestPorts,
  ingested: IngestedRequest,
): Promise<ErrorCode | 'accepted' | 'unanswerable'> => {
  const { operator, clientId } = ingested;
  if (!operatorIdPattern.test(operator) || !clientIdsOf(operator).includes(clientId)) return 'unanswerable';
  let id: string | undefined;
  try {
    const bytes = Buffer.from(ingested.payload, 'base64');
    if (bytes.length > bodyBytes) throw new SallyportError('too_large');
    const json = parseJson(bytes.toString('utf8'));
    id = requestIdSchema.safeParse(json).data?.id;
    const message = parse(mqttRequestSchema, json);
    const tunnel = await open(ports, operator, message);
    await ports.operatorMessages.publish(operator, { v: 1, type: 'accepted', id: message.id, tunnel });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    // The sender learns the code; why it failed is for the log alone.
    if (error.status >= 500) ports.hub.log('warn', 'mqtt.failed', { code: error.code, cause: nameOf(error.cause) });
    // Without an id nobody could tell what the answer is to.
    if (id === undefined) return 'unanswerable';
    await ports.operatorMessages.publish(operator, { v: 1, type: 'refused', id, problem: problemOf(error) });
    return error.code;
  }
};

const nameOf = (cause: unknown): string | undefined => (cause instanceof Error ? cause.name : undefined);

const open = async (
  ports: MqttRequestPorts,
  operator: string,
  { id: key, device, request }: z.output<typeof mqttRequestSchema>,
): Promise<TunnelView> => {
  const signIn = await ports.operatorKeys.signIn(operator);
  if (!isSignedIn(signIn, ports.clock.now(), ports.signInMilliseconds)) {
    ports.hub.refused({ action: 'request', code: 'sign_in_expired', operator, way: 'mqtt' });
    throw new SallyportError('sign_in_expired');
  }
  const ask = {
    operator: { id: operator, groups: signIn.groups },
    device,
    request,
    origin: 'mqtt' as const,
    way: 'mqtt',
    defaultAllow: [],
  };
  const work = async () => ({ status: 201, body: await requestTunnel(ports, ask) });
  const answer = await runOnce(ports, { operator, path: 'mqtt', key, body: { device, request } }, work);
  return answer.body as TunnelView;
};

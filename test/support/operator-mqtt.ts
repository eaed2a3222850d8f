import mqtt from 'mqtt';
import { basicIngest, operatorAuthorizer, rules, topics } from '../../core/names.ts';
import { clientIdsOf } from '../../core/use-cases/operator-policy.ts';
import type { OperatorEvent } from '../../core/wire/operator-event.ts';
import { type LocalOperator, mustCall } from '../../local/system/local-operator.ts';
import type { LocalSystem } from '../../local/system/system.ts';

/** An operator's own MQTT connection: what the cloud told them, and a way to ask. */
export interface OperatorMqtt {
  /** The operator's id. */
  readonly operator: string;
  /** Resolves with the first event that matches, past or to come. */
  event<Event extends OperatorEvent>(matches: (event: OperatorEvent) => event is Event): Promise<Event>;
  /** All that came so far. */
  readonly heard: readonly OperatorEvent[];
  /** Publishes to the topic of requests, as it is. Resolves when the broker has taken it, rejects when it refuses. */
  ask(payload: string | object, operator?: string): Promise<void>;
  close(): Promise<void>;
}

/** Connects as the operator through the custom authorizer, with the API token as password. */
export async function connectOperator(system: LocalSystem, operator: LocalOperator): Promise<OperatorMqtt> {
  const { operator: id } = await mustCall<{ readonly operator: string }>(operator, 'GET', '/v1/me');
  const client = await mqtt.connectAsync({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port: system.plane.iot.port,
    protocolVersion: 5,
    ca: system.authority.certificate,
    reconnectPeriod: 0,
    clientId: clientIdsOf(id)[0] ?? '',
    username: `operator?x-amz-customauthorizer-name=${operatorAuthorizer}`,
    password: operator.token,
  });
  client.on('error', () => undefined);
  const heard: OperatorEvent[] = [];
  const waiting = new Set<() => void>();
  client.on('message', (_topic, payload) => {
    heard.push(JSON.parse(payload.toString('utf8')));
    for (const look of waiting) look();
  });
  await client.subscribeAsync(topics.operatorEvents(id), { qos: 1 });
  return {
    operator: id,
    heard,
    event: (matches) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find(matches);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async ask(payload, of = id) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      await client.publishAsync(basicIngest(rules.operatorRequests, topics.operatorRequests(of)), text, { qos: 1 });
    },
    close: () => client.endAsync(true),
  };
}

type TunnelEvent = Extract<OperatorEvent, { readonly type: 'tunnel' }>;

/** The event that tells of a tunnel's end. */
export const endOf =
  (tunnel: string) =>
  (event: OperatorEvent): event is TunnelEvent =>
    event.type === 'tunnel' && event.tunnel.id === tunnel && event.tunnel.state === 'closed';

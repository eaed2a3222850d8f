import { basicIngest, rules, topics } from '../../core/names.ts';
import type { OperatorEvent } from '../../core/wire/operator-event.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { type LocalOperator, mustCall } from '../../local/system/local-operator.ts';
import type { LocalSystem } from '../../local/system/system.ts';
import { asOperator, connectMqtt } from './mqtt-client.ts';

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
  const client = await connectMqtt(system, asOperator(id, operator.token));
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

/** The event that tells of the end of such a tunnel. */
export const endOf =
  (matches: (tunnel: TunnelView) => boolean) =>
  (event: OperatorEvent): event is TunnelEvent =>
    event.type === 'tunnel' && event.tunnel.state === 'closed' && matches(event.tunnel);

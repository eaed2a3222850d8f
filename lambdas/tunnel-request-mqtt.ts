import { harmless } from '../core/model/text.ts';
import { type MqttRequestPorts, requestByMqtt } from '../core/use-cases/request-by-mqtt.ts';
import { ingestedRequestSchema } from '../core/wire/device-event.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** What the rule on operators' requests hands over. Answers go to the operator's own topic. */
export const respond = async (ports: EdgePorts & MqttRequestPorts, event: unknown): Promise<void> => {
  const ingested = parse(ingestedRequestSchema, event);
  const code = await requestByMqtt(ports, ingested);
  ports.hub.metrics.count('mqtt_requests', 1, { outcome: code });
  ports.hub.log('info', 'mqtt.request', { operator: harmless(ingested.operator, 64), outcome: code });
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('tunnel-request-mqtt', wiring.auditLog()),
    ...wiring.opening(),
    operatorKeys: wiring.operatorKeys(),
    operatorMessages: wiring.operatorMessages(),
    signInMilliseconds: wiring.signInMilliseconds(),
  })),
  respond,
);

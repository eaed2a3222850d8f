import { SallyportError } from '../core/errors.ts';
import { helloBytes } from '../core/model/device.ts';
import { harmless } from '../core/model/text.ts';
import { type DeviceEventPorts, receiveDeviceEvent } from '../core/use-cases/receive-device-event.ts';
import { deviceEventSchema, ingestedEventSchema } from '../core/wire/device-event.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import { payloadOf } from './edge/payload.ts';
import * as wiring from './wiring.ts';

/** What the rule on devices' events hands over. A message that is refused would be refused again, so it is not retried. */
export const respond = async (ports: EdgePorts & DeviceEventPorts, event: unknown): Promise<void> => {
  const { payload, device, clientId, at } = parse(ingestedEventSchema, event);
  try {
    const message = parse(deviceEventSchema, payloadOf(payload, helloBytes));
    await receiveDeviceEvent(ports, { device, clientId, at }, message);
  } catch (error) {
    if (!(error instanceof SallyportError) || error.status >= 500) throw error;
    ports.hub.metrics.count('device_events_refused', 1, { code: error.code });
    const { code, pointer, detail } = error;
    ports.hub.log('info', 'device-event.refused', { device: harmless(device, 128), code, pointer, detail });
  }
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-event', wiring.auditLog()),
    devices: wiring.devices(),
    tunnels: wiring.tunnels(),
    claims: wiring.claims(),
    changes: wiring.changes(),
    pins: wiring.pins(),
    messages: wiring.messages(),
    relay: wiring.relayAddress(),
    sshKeys: wiring.sshKeys(),
  })),
  respond,
);

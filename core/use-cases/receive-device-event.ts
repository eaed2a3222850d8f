import { SallyportError } from '../errors.ts';
import { deviceIdPattern } from '../model/ids.ts';
import { harmless } from '../model/text.ts';
import { hasEnded, type Tunnel } from '../model/tunnel.ts';
import type { DeviceEvent } from '../wire/device-event.ts';
import { closeAndTell, type EndPorts } from './close-and-tell.ts';
import { type HelloPorts, receiveHello, type Sender } from './receive-hello.ts';

export type DeviceEventPorts = HelloPorts & EndPorts;

/**
 * What a device says, over its own connection: who it is stands in the topic that its policy allows it, never in the
 * message. It may speak of its own tunnels only. Throws the refusal; nobody waits for an answer.
 */
export const receiveDeviceEvent = async (
  ports: DeviceEventPorts,
  sender: Sender,
  event: DeviceEvent,
): Promise<void> => {
  if (!deviceIdPattern.test(sender.device)) throw new SallyportError('invalid_request', { pointer: '/device' });
  // A client id goes back into a request to the broker and into logs; one that is not plain text does neither.
  if (sender.clientId === '' || sender.clientId.length > 128 || harmless(sender.clientId, 128) !== sender.clientId)
    throw new SallyportError('invalid_request', { pointer: '/clientId' });
  if (event.type === 'hello') return receiveHello(ports, sender, event);

  const { hub } = ports;
  const tunnel = await ports.tunnels.get(event.tunnel);
  if (tunnel === undefined || tunnel.device !== sender.device) {
    hub.refused({
      action: 'device-event',
      code: 'not_found',
      device: sender.device,
      way: 'mqtt',
      facts: { type: event.type, tunnel: event.tunnel },
    });
    throw new SallyportError('not_found');
  }
  if (hasEnded(tunnel, ports.clock.now()))
    return hub.log('debug', 'device-event.late', { device: sender.device, tunnel: tunnel.id, type: event.type });
  switch (event.type) {
    case 'opened':
      return confirm(ports, tunnel, event.serverId);
    case 'failed': {
      const detail = `${harmless(event.code, 64)}: ${harmless(event.detail, 190)}`;
      await closeAndTell(ports, tunnel, 'device_failed', { detail, way: 'mqtt' });
      return;
    }
    case 'closed': {
      const detail = event.detail === '' ? {} : { detail: harmless(event.detail, 256) };
      await closeAndTell(ports, tunnel, 'device', { ...detail, way: 'mqtt' });
      return;
    }
  }
};

/** The device says which relay it dialled. Another than the holder is what this is for: nobody is joined there. */
const confirm = async (ports: DeviceEventPorts, tunnel: Tunnel, serverId: string): Promise<void> => {
  const { hub } = ports;
  const outcome = await ports.tunnels.confirm(tunnel.id, tunnel.device, serverId, ports.clock.now());
  hub.metrics.count('confirmations', 1, { outcome: outcome.ok ? 'kept' : outcome.lost });
  hub.log(outcome.ok ? 'debug' : 'warn', 'opened', {
    tunnel: tunnel.id,
    device: tunnel.device,
    serverId,
    holder: tunnel.holder?.serverId,
    confirmed: outcome.ok,
  });
};

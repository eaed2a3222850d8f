import type { EventHub } from '../events.ts';
import { harmless } from '../model/text.ts';
import type { Devices } from '../ports/devices.ts';
import type { Pins } from '../ports/pins.ts';
import type { SshKeys } from '../ports/ssh-keys.ts';
import type { DeviceEvent } from '../wire/device-event.ts';
import { deviceKeyOf } from './device-key.ts';
import { pinned, type SendPorts, sendCommand } from './send-open.ts';

export type HelloPorts = Pick<SendPorts, 'messages' | 'hub' | 'relay'> & {
  readonly devices: Pick<Devices, 'hello'>;
  readonly pins: Pins;
  readonly sshKeys: Pick<SshKeys, 'parse'>;
  readonly hub: EventHub;
};

/** What the broker vouches for. */
export type Sender = { readonly device: string; readonly clientId: string; readonly at: number };

/**
 * A device says which key it dials with and what it offers. The row keeps it and the device is told the fingerprint: it
 * dials only with a key that was acknowledged. Throws `invalid_request` for a key that cannot be used.
 */
export const receiveHello = async (
  ports: HelloPorts,
  sender: Sender,
  hello: Extract<DeviceEvent, { type: 'hello' }>,
): Promise<void> => {
  const { hub } = ports;
  const key = deviceKeyOf(ports.sshKeys, hello.key, { pointer: '/key', at: sender.at });
  const { fingerprint } = key;
  const outcome = await ports.devices.hello(sender.device, {
    clientId: sender.clientId,
    agentVersion: harmless(hello.agent, 64),
    services: hello.services,
    key,
    stock: hello.stock,
    // A type that is not known here cannot be shown to people either; the others still pin the device.
    hostKeys: hello.hostKeys
      .map((line) => ports.sshKeys.parse(line))
      .flatMap((read) => (read.ok ? [read.key.line] : [])),
    at: sender.at,
  });
  hub.metrics.count('hellos', 1, { outcome: outcome.ok ? 'kept' : outcome.lost });
  if (!outcome.ok) return hub.log('info', 'hello.too-soon', { device: sender.device });

  // The key is no use to the device before it is welcomed, and it is not welcomed before the record is written.
  await hub.changed({ action: 'hello', device: sender.device, way: 'mqtt', facts: { fingerprint } });
  const pins = await ports.pins.current();
  const { clientId } = sender;
  const { relay } = ports;
  const delivery = await sendCommand(
    ports,
    { id: sender.device, clientId },
    { v: 1, type: 'welcome', fingerprint, relay, ...pinned(pins) },
  );
  // Not welcomed, the device says hello again.
  hub.log(delivery === 'acknowledged' || delivery === 'published' ? 'info' : 'warn', 'hello.answered', {
    device: sender.device,
    fingerprint,
    delivery,
    hostKeysPending: outcome.row.pendingHostKeys !== undefined,
  });
};

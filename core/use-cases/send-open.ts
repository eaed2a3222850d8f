import type { EventHub } from '../events.ts';
import type { Device } from '../model/device.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { Clock } from '../ports/clock.ts';
import type { Delivery, DeviceMessages } from '../ports/device-messages.ts';
import type { PinSet } from '../ports/pins.ts';
import type { Command } from '../wire/command.ts';

/** Where devices dial. */
export type RelayAddress = { readonly host: string; readonly port: number };

export type SendPorts = {
  readonly messages: Pick<DeviceMessages, 'send'>;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly relay: RelayAddress;
};

/** Tells a device to dial and ask for this tunnel. Idempotent by tunnel, so it may be told again. */
export const sendOpen = async (
  ports: SendPorts,
  { tunnel, device, pins }: { readonly tunnel: Tunnel; readonly device: Device; readonly pins: PinSet },
): Promise<Delivery> => {
  const command: Command = {
    v: 1,
    type: 'open',
    tunnel: tunnel.id,
    service: tunnel.service,
    relay: ports.relay,
    ...pinned(pins),
    seconds: Math.max(1, Math.ceil((tunnel.endsAt - ports.clock.now()) / 1_000)),
    idleSeconds: tunnel.idleSeconds,
  };
  return sendCommand(ports, device, command);
};

/** The pins as commands carry them. */
export const pinned = ({ lines, version }: PinSet): { pins: string[]; pinsVersion: number } => ({
  pins: [...lines],
  pinsVersion: version,
});

export const sendCommand = async (
  ports: Pick<SendPorts, 'messages' | 'hub'>,
  device: Pick<Device, 'id' | 'clientId'>,
  command: Command,
): Promise<Delivery> => {
  const delivery = await ports.messages.send({ device: device.id, clientId: device.clientId ?? device.id }, command);
  ports.hub.metrics.count('commands', 1, { type: command.type, delivery });
  return delivery;
};

/** For a refusal: when the device last said hello. */
export const lastSeen = (device: Device): Readonly<Record<string, string>> =>
  device.helloAt === undefined ? {} : { lastSeenAt: new Date(device.helloAt).toISOString() };

import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { deviceIdPattern } from '../model/ids.ts';
import { judgeRevocation, type RevocationVerdict } from '../model/revocation.ts';
import { agentClientId } from '../names.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceConnections } from '../ports/device-connections.ts';
import type { Devices } from '../ports/devices.ts';
import type { ThingRegistry } from '../ports/thing-registry.ts';
import { recordNarrowing } from './record-narrowing.ts';

export type RevocationPorts = {
  readonly devices: Pick<Devices, 'get' | 'change'>;
  readonly changes: Pick<Changes, 'append'>;
  readonly things: ThingRegistry;
  readonly connections: DeviceConnections;
  readonly hub: EventHub;
  readonly clock: Clock;
};

export type Revocation = {
  readonly device: string;
  readonly verdict: RevocationVerdict;
  /** Certificates that this call made unusable. */
  readonly retired: number;
  /** MQTT connections that it ended. */
  readonly disconnected: number;
};

/**
 * Takes a device its identity: frozen first, which within seconds ends every session that runs, then its certificates
 * revoked, then its MQTT connections ended. May be repeated: what was done stays done. Throws `invalid_request`.
 */
export const revokeDevice = async (
  ports: RevocationPorts,
  request: {
    readonly device: string;
    readonly administrator: string;
    readonly way: string;
    readonly source?: string | undefined;
  },
): Promise<Revocation> => {
  const { device, administrator, way, source } = request;
  if (!deviceIdPattern.test(device))
    throw new SallyportError('invalid_request', { pointer: '/device', detail: 'not a device id' });
  await recordNarrowing(ports.hub, { action: 'device.revoke', operator: administrator, device, way, source });
  await narrow(ports, device, 'freeze');
  const active = (await ports.things.certificatesOf(device)).filter((one) => one.active);
  for (const { id } of active) await ports.things.retire(id, 'revoked');
  return { device, verdict: 'freeze', retired: active.length, disconnected: await disconnect(ports, device) };
};

/**
 * A certificate was revoked, deactivated or detached by other means: ends what stands on it. With another active one the
 * device comes back by itself; without, it is frozen. Undefined for a thing that is no device of ours.
 */
export const certificateLost = async (
  ports: RevocationPorts,
  request: { readonly device: string; readonly certificate: string; readonly way: string },
): Promise<Revocation | undefined> => {
  const { hub, clock } = ports;
  const { device, certificate, way } = request;
  const [row, attached] = await Promise.all([ports.devices.get(device), ports.things.certificatesOf(device)]);
  if (row === undefined) return undefined;
  const active = attached.filter((one) => one.active).map(({ id }) => id);
  const verdict = judgeRevocation(row, { certificate, active, at: clock.now() });
  if (verdict === 'stands') return { device, verdict, retired: 0, disconnected: 0 };
  await recordNarrowing(hub, { action: 'device.revoke', device, way, facts: { certificate, verdict } });
  await narrow(ports, device, verdict);
  return { device, verdict, retired: 0, disconnected: await disconnect(ports, device) };
};

/** What AWS IoT takes, in bytes; ours are ASCII. */
const longestClientId = 128;

/** Relays and routers read the change within a second and cut. */
const narrow = async (
  { devices, changes, clock }: RevocationPorts,
  device: string,
  verdict: 'freeze' | 'forget_keys',
) => {
  await devices.change(device, verdict === 'freeze' ? { frozen: true } : { forgetKeys: true });
  await changes.append({ kind: verdict === 'freeze' ? 'device_frozen' : 'device_keys', device }, clock.now());
};

/**
 * By every client id that is the device's: the one its hello announced, the thing's name, the agent's own beside an
 * application. The broker itself ends connections of a revoked certificate only within minutes.
 */
const disconnect = async ({ devices, connections }: RevocationPorts, device: string): Promise<number> => {
  const announced = (await devices.get(device))?.clientId;
  const ids = new Set([device, agentClientId(device), ...(announced === undefined ? [] : [announced])]);
  // The longest names leave no room for the agent's own id: then it has none.
  const possible = [...ids].filter((id) => id.length <= longestClientId);
  const ended = await Promise.all(possible.map((id) => connections.end(id)));
  return ended.filter(Boolean).length;
};

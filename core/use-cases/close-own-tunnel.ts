import { SallyportError } from '../errors.ts';
import { asOf } from '../model/tunnel.ts';
import type { Devices } from '../ports/devices.ts';
import { type TunnelView, tunnelView } from '../wire/tunnel-view.ts';
import { closeAndTell, type EndPorts } from './close-and-tell.ts';
import { type Asker, recordedTunnelFor } from './get-tunnel.ts';
import { recordNarrowing } from './record-narrowing.ts';
import { type SendPorts, sendCommand } from './send-open.ts';

export type ClosePorts = EndPorts &
  Pick<SendPorts, 'messages'> & { readonly devices: Pick<Devices, 'get'>; readonly domain: string };

/**
 * Closes a tunnel for its operator, or for an administrator by policy. Closing one that has ended answers what it was.
 * The relay cuts its streams within 5 s; the device is told as well, but nothing depends on its hearing it.
 */
export const closeOwnTunnel = async (
  ports: ClosePorts,
  request: {
    readonly tunnel: string;
    readonly asker: Asker;
    readonly way: string;
    readonly source?: string | undefined;
  },
): Promise<TunnelView> => {
  const { hub, clock, domain } = ports;
  const { asker, way, source } = request;
  const asked = { action: 'close', operator: asker.id, way, source };
  const row = await recordedTunnelFor(ports, request.tunnel, asker, asked);
  if (row.state === 'closed') return tunnelView(row, domain, clock.now());
  const reason = row.operator === asker.id ? 'operator' : 'policy';
  const { id: tunnel, device, service } = row;
  await recordNarrowing(hub, {
    ...asked,
    device,
    tunnel,
    service,
    code: reason,
  });
  const outcome = await closeAndTell(ports, row, reason, { way });
  const closed = outcome.row;
  if (closed === undefined) throw new SallyportError('not_found');
  if (outcome.ok) await tellDevice(ports, { tunnel, device, reason });
  return tunnelView(asOf(closed, clock.now()), domain, clock.now());
};

const tellDevice = async (
  ports: ClosePorts,
  told: { readonly tunnel: string; readonly device: string; readonly reason: 'operator' | 'policy' },
): Promise<void> => {
  const { tunnel, reason } = told;
  try {
    const device = await ports.devices.get(told.device);
    if (device?.clientId !== undefined) await sendCommand(ports, device, { v: 1, type: 'close', tunnel, reason });
  } catch (error) {
    ports.hub.log('warn', 'close.untold', { tunnel, error: error instanceof Error ? error.name : 'unknown' });
  }
};

import { SallyportError } from '../errors.ts';
import { deviceIdPattern, operatorIdPattern } from '../model/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { PageRequest } from '../ports/outcome.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { type TunnelView, tunnelView } from '../wire/tunnel-view.ts';
import type { Asker } from './get-tunnel.ts';

export type TunnelPage = { readonly tunnels: readonly TunnelView[]; readonly cursor?: string };

/**
 * An operator's own tunnels, newest first; of one device if it is named. An administrator may ask for all of a device's
 * tunnels or another operator's. What a page leaves out may make it short: go on while there is a cursor.
 */
export const listTunnels = async (
  ports: {
    readonly tunnels: Pick<Tunnels, 'listByDevice' | 'listByOperator'>;
    readonly clock: Clock;
    readonly domain: string;
  },
  request: PageRequest & {
    readonly asker: Asker;
    readonly device?: string | undefined;
    readonly operator?: string | undefined;
  },
): Promise<TunnelPage> => {
  const { asker, device, limit, cursor } = request;
  if (device !== undefined && !deviceIdPattern.test(device))
    throw new SallyportError('invalid_request', { pointer: '/device', detail: 'not a device id' });
  if (request.operator !== undefined && !operatorIdPattern.test(request.operator))
    throw new SallyportError('invalid_request', { pointer: '/operator', detail: 'not an operator id' });
  if (request.operator !== undefined && request.operator !== asker.id && !asker.administrator)
    throw new SallyportError('forbidden', { detail: 'administrators only' });
  const everybody = asker.administrator && device !== undefined && request.operator === undefined;
  const page = everybody
    ? await ports.tunnels.listByDevice(device, { limit, cursor })
    : await ports.tunnels.listByOperator(request.operator ?? asker.id, { limit, cursor });
  const rows = page.rows.filter((row) => device === undefined || row.device === device);
  return {
    tunnels: rows.map((row) => tunnelView(row, ports.domain, ports.clock.now())),
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
};

import { firstPort, lastPort } from '../names.ts';
import { serverIdPattern, tunnelIdPattern } from './ids.ts';
import { hashedLabelPattern, isOwnLabel } from './label.ts';
import { serviceNamePattern } from './service.ts';

/** What a host name under the proxy domain means (DESIGN 5). */
export type Target =
  | { readonly kind: 'claim'; readonly serverId: string; readonly port: number }
  | { readonly kind: 'tunnel'; readonly tunnel: string }
  /** The service's name, or its port; `undefined` leaves it to the way in. */
  | { readonly kind: 'device'; readonly label: string; readonly service: string | number | undefined };

const claimLabel = /^(\d{1,5})-(r[a-z2-7]{9})$/;
const isClaimPort = (port: number) => Number.isInteger(port) && port >= firstPort && port <= lastPort;

/**
 * Reads a name of the grammar. `port` is what stands behind the colon, where the client gave one that means something.
 * Answers undefined for whatever is not of the grammar: no guessing.
 */
export const parseHostName = (name: string, port: number | undefined, domain: string): Target | undefined => {
  const host = name.toLowerCase().replace(/\.$/, '');
  if (!host.endsWith(`.${domain}`) || host.length > 253) return undefined;
  const label = host.slice(0, -(domain.length + 1));
  if (label.includes('.')) return undefined;
  if (serverIdPattern.test(label))
    return port !== undefined && isClaimPort(port) ? { kind: 'claim', serverId: label, port } : undefined;
  const claim = claimLabel.exec(label);
  if (claim !== null) {
    const claimed = Number(claim[1]);
    return isClaimPort(claimed) ? { kind: 'claim', serverId: claim[2] ?? '', port: claimed } : undefined;
  }
  if (label.startsWith('t-')) {
    const tunnel = label.slice(2);
    return tunnelIdPattern.test(tunnel) ? { kind: 'tunnel', tunnel } : undefined;
  }
  const split = label.indexOf('--');
  const device = split < 0 ? label : label.slice(split + 2);
  const service = split < 0 ? port : label.slice(0, split);
  if (typeof service === 'string' && !serviceNamePattern.test(service)) return undefined;
  return isOwnLabel(device) || hashedLabelPattern.test(device) ? { kind: 'device', label: device, service } : undefined;
};

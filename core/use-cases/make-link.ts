import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { linkMilliseconds, linkUrl, newLinkId, visitMilliseconds } from '../model/link.ts';
import { asOf } from '../model/tunnel.ts';
import type { Clock } from '../ports/clock.ts';
import type { LinkSigner } from '../ports/link-tokens.ts';
import type { Random } from '../ports/random.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { recordedTunnelFor } from './get-tunnel.ts';

export type MakeLinkPorts = {
  readonly tunnels: Pick<Tunnels, 'get'>;
  readonly links: LinkSigner;
  readonly hub: EventHub;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly domain: string;
  /** Without a domain there is no certificate, and nothing for a browser. */
  readonly https: boolean;
};

/**
 * A link by which a browser becomes its operator's at one tunnel of a web service: for whoever asked for the tunnel, and
 * for nobody else, administrators included. Recorded before it is given.
 */
export const makeLink = async (
  ports: MakeLinkPorts,
  request: {
    readonly tunnel: string;
    readonly operator: string;
    readonly way: string;
    readonly source?: string | undefined;
  },
): Promise<{ readonly url: string; readonly endsAt: string }> => {
  const { hub, clock, domain } = ports;
  const { operator, way, source } = request;
  const asked = { action: 'link', operator, way, source };
  const row = asOf(
    await recordedTunnelFor(ports, request.tunnel, { id: operator, administrator: false }, asked),
    clock.now(),
  );
  if (row.state === 'closed') throw new SallyportError('tunnel_closed', { detail: row.reason });
  if (row.scheme !== 'http')
    throw new SallyportError('unknown_service', { detail: `a service of scheme ${row.scheme} has another way in` });
  if (!ports.https)
    throw new SallyportError('unknown_service', {
      detail: 'this deployment has no domain and so no https: use ssh -J',
    });
  const { id: tunnel, device, service } = row;
  const now = clock.now();
  const link = {
    ...{ id: newLinkId(ports.random), operator, tunnel, endsAt: now + linkMilliseconds },
    visitEndsAt: Math.min(row.endsAt, now + visitMilliseconds),
  };
  try {
    await hub.allowed({ ...asked, device, tunnel, service, facts: { link: link.id } });
  } catch (cause) {
    throw new SallyportError('unavailable', { detail: 'the audit record could not be written', cause });
  }
  const token = await ports.links.link(link);
  return { url: linkUrl({ tunnel, token }, domain), endsAt: new Date(link.endsAt).toISOString() };
};

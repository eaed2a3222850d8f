import { request } from 'node:https';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { type LocalOperator, mustCall } from '../system/local-operator.ts';
import type { LocalSystem } from '../system/system.ts';

/** That a tunnel works, and how it went. */
export interface Proof {
  readonly nonce: string;
  readonly name: string;
  readonly tunnel: string;
  readonly serverId: string;
  readonly port: number;
  readonly epoch: number;
  readonly requestedAt: string;
  /** From the request to the news that the tunnel is open, ms. */
  readonly openMilliseconds: number;
  /** From then until the answer has come through the tunnel, ms. */
  readonly fetchMilliseconds: number;
}

/**
 * Opens a tunnel to the device's page and fetches the number that was drawn there, through router, door, relay and
 * agent. `expected` is what the device itself shows to its own machine.
 *
 * @throws Error when any step fails or another number comes
 */
export async function prove(
  system: LocalSystem,
  operator: LocalOperator,
  device: string,
  expected: string,
): Promise<Proof> {
  const began = performance.now();
  const { id, createdAt } = await mustCall<TunnelView>(operator, 'POST', `/v1/devices/${device}/tunnels`, {
    service: 'web',
  });
  const view = await mustCall<TunnelView>(operator, 'GET', `/v1/tunnels/${id}?wait=20`);
  const openMilliseconds = performance.now() - began;
  const { state, serverId, port, epoch, names } = view;
  const name = names[0];
  if (state !== 'open' || serverId === undefined || port === undefined || name === undefined)
    throw new Error(`the tunnel to ${device} is ${state}${view.reason === undefined ? '' : ` (${view.reason})`}`);
  const nonce = await fetchThrough(system, operator, name, '/nonce');
  const fetchMilliseconds = performance.now() - began - openMilliseconds;
  if (nonce !== expected) throw new Error(`another number came through the tunnel than ${device} has: ${nonce}`);
  return {
    nonce,
    name,
    tunnel: id,
    serverId,
    port,
    epoch,
    requestedAt: createdAt,
    openMilliseconds,
    fetchMilliseconds,
  };
}

/** What `curl` does: the operator's token, and the deployment's certificate authority. */
function fetchThrough(system: LocalSystem, operator: LocalOperator, name: string, path: string): Promise<string> {
  const { routerPort: port, authority } = system;
  return new Promise((resolve, reject) => {
    const asked = request({
      ca: authority.certificate,
      // Names under .localhost are this machine's, but not every resolver knows it (RFC 6761 section 6.3).
      host: '127.0.0.1',
      port,
      path,
      servername: name,
      headers: { host: `${name}:${port}`, authorization: `Bearer ${operator.token}` },
      agent: false,
    });
    asked.once('error', reject);
    asked.once('response', (response) => {
      const body: Buffer[] = [];
      response.on('data', (chunk: Buffer) => body.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(body).toString('utf8').trim();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${name} was answered ${response.statusCode}: ${text}`));
      });
    });
    asked.end();
  });
}

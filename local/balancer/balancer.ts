import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Listener, listen } from '../../net/listen.ts';
import { encodeProxyHeader } from '../../net/proxy-protocol.ts';
import { splice } from '../../net/splice.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Balancer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Stands for a Network Load Balancer: chooses a target by a hash of the flow at its first packet, never moves it, keeps
 * no client address and says it in a PROXY v2 header instead. Like the real one it knows nothing of load.
 */
export async function startBalancer(options: {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Those that are in service now. */
  readonly targets: () => readonly Target[];
  /** False where the targets read no PROXY header; default true, as ours do. */
  readonly proxyProtocol?: boolean;
}): Promise<Balancer> {
  const serve = (client: Socket): void => {
    const targets = options.targets();
    const { remoteAddress = '127.0.0.1', remotePort = 0, localAddress = '127.0.0.1', localPort = 0 } = client;
    const flow = createHash('sha256').update(`${remoteAddress} ${remotePort} ${localAddress} ${localPort}`).digest();
    const target = targets[flow.readUInt32BE(0) % Math.max(1, targets.length)];
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const onward = connect({ ...target, noDelay: true, allowHalfOpen: true });
    onward.once('error', () => client.resetAndDestroy());
    client.once('close', () => onward.destroy());
    onward.once('connect', () => {
      const header = { sourceAddress: remoteAddress, sourcePort: remotePort, destinationAddress: localAddress };
      if (options.proxyProtocol !== false)
        onward.write(
          encodeProxyHeader({
            command: 'proxy',
            endpoints: { family: 'tcp4', ...header, destinationPort: localPort },
            tlvs: [],
          }),
        );
      splice(client, onward);
    });
  };
  const listener: Listener = await listen({ ...options, purpose: options.name, onConnection: serve });
  return { host: options.host, port: listener.port, close: () => listener.close() };
}

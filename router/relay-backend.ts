import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { encodeProxyHeader } from '../net/proxy-protocol.ts';
import { splice } from '../net/splice.ts';
import type { Visitor } from './visitor.ts';

/** The relay is on the same instance: one that has not answered by then is not there. */
const dialMilliseconds = 5_000;

export type RelayBackend = {
  /** Hands over what came inside TLS. The relay hears where it came from, and itself decides who it is. */
  join(tls: TLSSocket, source: Visitor['source']): void;
};

/**
 * The way for agents whose network lets only TLS out: they wrap their SSH in TLS to `relay.<domain>`, and where router
 * and relay share one address it is the router that unwraps it. Nothing is believed for it: inside, only the relay's
 * pinned host key and the device's own key count, and the relay's limits are the ones that hold.
 */
export const createRelayBackend = (address: { readonly host: string; readonly port: number }): RelayBackend => ({
  join(tls, source) {
    const relay = connect({ ...address, noDelay: true, allowHalfOpen: true });
    const end = () => {
      relay.destroy();
      tls.destroy();
    };
    relay.setTimeout(dialMilliseconds, end);
    relay.on('error', end);
    tls.once('close', end);
    relay.once('connect', () => {
      relay.setTimeout(0).off('timeout', end);
      relay.write(headerOf(source, relay));
      splice(tls, relay);
    });
  },
});

/** PROXY v2 with the device's address; what it dialled is of no interest to a relay. */
const headerOf = ({ address, port }: Visitor['source'], relay: Socket): Buffer => {
  const family = address.includes(':') ? 'tcp6' : 'tcp4';
  const destinationAddress = family === 'tcp6' ? '::1' : '127.0.0.1';
  return encodeProxyHeader({
    command: 'proxy',
    endpoints: {
      ...{ family, sourceAddress: address, sourcePort: port },
      ...{ destinationAddress, destinationPort: relay.remotePort ?? 0 },
    },
    tlvs: [],
  });
};

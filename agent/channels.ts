import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { keepAliveMilliseconds } from '../net/listen.ts';
import { splice } from '../net/splice.ts';
import type { AgentConfig, LocalService } from './config.ts';
import type { WantedTunnels } from './wanted.ts';

const connectMilliseconds = 5_000;
const stallMilliseconds = 60_000;

/** Takes a user connection to the service that the tunnel was opened for, and nowhere else. */
export const createChannels =
  (wantedTunnels: WantedTunnels, limits: AgentConfig['limits']) =>
  async (tunnel: string): Promise<{ readonly local: Duplex; readonly join: (channel: Duplex) => void }> => {
    const wanted = wantedTunnels.get(tunnel);
    if (wanted === undefined) throw new Error('no such tunnel here');
    if (wantedTunnels.channels >= limits.channels) throw new Error('too many connections on this device');
    if (limits.bytesPerTunnel > 0 && wanted.bytes >= limits.bytesPerTunnel)
      throw new Error('the byte limit of this tunnel is used up');
    const local = await dial(wanted.service);
    return {
      local,
      join(channel) {
        const joined = splice(channel, local, { stallMilliseconds });
        wanted.streams.add(joined);
        void joined.closed.then((end) => {
          wanted.streams.delete(joined);
          wanted.bytes += end.bytesAtoB + end.bytesBtoA;
        });
      },
    };
  };

const dial = ({ host, port }: LocalService): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMilliseconds,
      allowHalfOpen: true,
    });
    const timer = setTimeout(() => socket.destroy(new Error('the service does not answer')), connectMilliseconds);
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        new Error(cause.code === 'ECONNREFUSED' ? 'nothing listens at the service' : 'the service does not answer', {
          cause,
        }),
      );
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket);
    });
  });

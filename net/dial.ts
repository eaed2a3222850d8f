import { connect, type Socket } from 'node:net';
import { keepAliveMilliseconds } from './listen.ts';

/**
 * Connects by TCP. Rejects with what the system says, or after the time-out. Until the socket is joined with another stream
 * nobody hears of its errors.
 */
export const dial = (to: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMilliseconds: number;
}): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true },
      ...{ keepAlive: true, keepAliveInitialDelay: keepAliveMilliseconds },
    });
    const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), to.timeoutMilliseconds);
    const failed = (cause: Error) => {
      clearTimeout(timer);
      reject(cause);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed).on('error', () => undefined);
      resolve(socket);
    });
  });

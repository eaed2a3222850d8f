import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const keepAliveMilliseconds = 60_000;

/** Small packets leave at once (Nagle's algorithm would hold a window back for 44 ms), and a dead path is noticed. */
export const prepareSocket = (socket: Duplex): void => {
  if (!(socket instanceof Socket)) return;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMilliseconds);
};

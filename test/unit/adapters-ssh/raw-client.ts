import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import type Protocol from 'ssh2/lib/protocol/Protocol.js';
import { clientOffer } from '../../../adapters/ssh/algorithms.ts';
import type { KeyPair } from '../../../adapters/ssh/keys.ts';
import { identificationOf, Transport } from '../../../adapters/ssh/transport.ts';
import { clientKey, dial } from './harness.ts';

/** A client that keeps no rule: after the key exchange it sends what it is told, and notes what comes. */
export interface RawClient {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly opens: readonly Protocol.ChannelOpen[];
  /** Resolves when so many messages of that number have come. */
  message(type: number, count?: number): Promise<void>;
  /** Any payload at all, as one packet. */
  send(payload: Buffer): void;
  login(user?: string, key?: KeyPair): Promise<void>;
  readonly closed: Promise<void>;
}

export const rawClient = async (port: number): Promise<RawClient> => {
  const socket = await dial(port);
  const news = new EventEmitter().setMaxListeners(0);
  /** How many of each number came after the key exchange. */
  const messages = new Map<number, number>();
  const opens: Protocol.ChannelOpen[] = [];
  const nothing = () => undefined;
  const exchanged = once(news, 'exchanged');
  const transport: Transport = new Transport(
    {
      write: (bytes) => {
        if (socket.writable) socket.write(bytes);
      },
      identified: nothing,
      keysExchanged: () => news.emit('exchanged'),
      failed: nothing,
      admit: (payload) => {
        const type = payload.readUInt8(0);
        messages.set(type, (messages.get(type) ?? 0) + 1);
        news.emit('message');
        return type !== 80;
      },
    },
    {
      ...{ role: 'client', identification: identificationOf('raw'), offer: clientOffer(), verifyHostKey: () => true },
      auth: { disconnected: nothing, serviceRequested: nothing, authSucceeded: nothing, authFailed: nothing },
      channels: {
        ...{ globalRequest: nothing, requestAnswered: nothing, opened: nothing, openFailed: nothing, data: nothing },
        ...{ windowOpened: nothing, eof: nothing, close: nothing, channelRequest: nothing },
        openRequested: (open) => opens.push(open),
      },
    },
  );
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('end', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (transport.usable) transport.parse(chunk, 0, chunk.length);
  });
  transport.start?.();
  await exchanged;
  const message = async (type: number, count = 1) => {
    while ((messages.get(type) ?? 0) < count) await once(news, 'message');
  };
  const send = (payload: Buffer) => {
    const { write } = transport._packetRW;
    const packet = write.alloc(payload.length, true);
    packet.set(payload, write.allocStartKEX);
    transport._cipher.encrypt(write.finalize(packet, true));
  };
  return {
    ...{ socket, transport, opens, message, send, closed },
    async login(user = 'pump-7', key = clientKey) {
      transport.service('ssh-userauth');
      transport.authPK(user, key.publicLine(), (data, give) => give(key.sign(data)));
      await message(52);
    },
  };
};

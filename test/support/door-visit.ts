import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { challengeBytes, doorMac, macBytes, macTlv, type Pass, passTlv } from '../../core/wire/door.ts';
import { encodeProxyHeader } from '../../net/proxy-protocol.ts';

/** Somebody who has reached a relay's door, by whatever way. */
export interface DoorVisit {
  readonly challenge: Buffer;
  readonly socket: Socket;
  /** What the door says to these bytes, until it closes or the line ends. */
  show(header: Buffer): Promise<string>;
}

export async function visitDoor(door: { readonly address: string; readonly port: number }): Promise<DoorVisit> {
  const socket = connect({ host: door.address, port: door.port });
  socket.on('error', () => undefined);
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  const said = () => Buffer.concat(heard);
  while (said().length < challengeBytes) await once(socket, 'data');
  return {
    challenge: said().subarray(0, challengeBytes),
    socket,
    async show(header) {
      socket.write(header);
      const line = () => said().subarray(challengeBytes).toString('latin1');
      const closed = once(socket, 'close').then(() => 'closed');
      while (!line().includes('\n')) if ((await Promise.race([once(socket, 'data'), closed])) === 'closed') break;
      return line().split('\n')[0] ?? '';
    },
  };
}

const endpoints = {
  family: 'tcp4',
  sourceAddress: '192.0.2.1',
  sourcePort: 4000,
  destinationAddress: '0.0.0.0',
  destinationPort: 0,
} as const;

/** The header of a router; without a key, unsigned; `blank`: with a place for a signature and none in it. */
export function doorHeader(
  pass: Pass,
  signed?: { readonly key: Buffer; readonly challenge: Buffer } | 'blank',
): Buffer {
  const value = Buffer.from(JSON.stringify(pass));
  const mac = signed === undefined ? [] : [{ type: macTlv, value: Buffer.alloc(macBytes) }];
  const header = encodeProxyHeader({ command: 'proxy', endpoints, tlvs: [{ type: passTlv, value }, ...mac] });
  if (typeof signed !== 'object') return header;
  const covered = header.subarray(0, header.length - macBytes);
  doorMac(signed.key, signed.challenge, covered).copy(header, covered.length);
  return header;
}

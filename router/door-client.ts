import type { Socket } from 'node:net';
import type { RelayDoor } from '../core/model/relay.ts';
import {
  challengeBytes,
  type DoorAnswer,
  doorAnswerBytes,
  doorMac,
  isDoorAnswer,
  macBytes,
  macTlv,
  type Pass,
  passTlv,
} from '../core/wire/door.ts';
import { dial } from '../net/dial.ts';
import { peek } from '../net/peek.ts';
import { encodeProxyHeader, type ProxyEndpoints } from '../net/proxy-protocol.ts';

const answerMilliseconds = 5_000;
const connectMilliseconds = 2_000;

export type DoorResult =
  | { readonly ok: true; readonly stream: Socket }
  | { readonly ok: false; readonly answer: Exclude<DoorAnswer, 'ok'> | 'unreachable' };

/** Dials a relay's door, waits for its challenge, shows the pass, and hands over the stream after `ok`. */
export const knock = async (
  door: RelayDoor,
  worker: number,
  visitor: { readonly pass: Pass; readonly source: { readonly address: string; readonly port: number } },
): Promise<DoorResult> => {
  const port = door.doors[worker];
  if (port === undefined) return { ok: false, answer: 'unreachable' };
  const to = { host: door.address, port, timeoutMilliseconds: connectMilliseconds };
  const socket = await dial(to).catch(() => undefined);
  if (socket === undefined) return { ok: false, answer: 'unreachable' };
  const fail = (answer: Exclude<DoorAnswer, 'ok'> | 'unreachable'): DoorResult => {
    socket.destroy();
    return { ok: false, answer };
  };

  const greeting = await peek(
    socket,
    (bytes) => (bytes.length >= challengeBytes ? bytes.subarray(0, challengeBytes) : undefined),
    { timeoutMilliseconds: answerMilliseconds, maximum: challengeBytes },
    () => challengeBytes,
  );
  if (greeting.outcome !== 'verdict') return fail('unreachable');
  socket.write(passHeader(Buffer.from(door.doorKey, 'base64'), greeting.verdict, visitor));

  const line = await peek(
    socket,
    (bytes) => {
      const end = bytes.indexOf('\n');
      return end < 0 ? undefined : bytes.toString('latin1', 0, end);
    },
    { timeoutMilliseconds: answerMilliseconds + 1_000, maximum: doorAnswerBytes },
    (text) => text.length + 1,
  );
  if (line.outcome !== 'verdict') return fail(line.outcome === 'timeout' ? 'timeout' : 'unreachable');
  if (!isDoorAnswer(line.verdict)) return fail('malformed');
  return line.verdict === 'ok' ? { ok: true, stream: socket } : fail(line.verdict);
};

/** The MAC comes last and covers everything before its own 32 bytes. */
const passHeader = (
  doorKey: Uint8Array,
  challenge: Uint8Array,
  { pass, source }: { readonly pass: Pass; readonly source: { readonly address: string; readonly port: number } },
): Buffer => {
  const header = encodeProxyHeader({
    command: 'proxy',
    endpoints: endpointsOf(source),
    tlvs: [
      { type: passTlv, value: Buffer.from(JSON.stringify(pass)) },
      { type: macTlv, value: Buffer.alloc(macBytes) },
    ],
  });
  const signed = header.subarray(0, header.length - macBytes);
  doorMac(doorKey, challenge, signed).copy(header, signed.length);
  return header;
};

const endpointsOf = (source: { readonly address: string; readonly port: number }): ProxyEndpoints => {
  const six = source.address.includes(':');
  return {
    family: six ? 'tcp6' : 'tcp4',
    sourceAddress: source.address,
    sourcePort: source.port,
    destinationAddress: six ? '::' : '0.0.0.0',
    destinationPort: 0,
  };
};

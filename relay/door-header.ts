import type { Duplex } from 'node:stream';
import { SallyportError } from '../core/errors.ts';
import { doorMac, isDoorMac, macBytes, macTlv, type Pass, passSchema, passTlv } from '../core/wire/door.ts';
import { parse, parseJson } from '../core/wire/parse.ts';
import { peek } from '../net/peek.ts';
import { decodeProxyHeader, maxProxyHeaderLength, proxyTlv } from '../net/proxy-protocol.ts';

export type DoorVisitor = { readonly pass: Pass; readonly originAddress: string; readonly originPort: number };
export type DoorRead =
  | { readonly ok: true; readonly visitor: DoorVisitor }
  | { readonly ok: false; readonly answer: 'malformed' | 'unauthorized' | 'timeout' };

/**
 * Reads the router's header and believes it only by its MAC over this connection's own challenge: what was seen on
 * another connection, or signed for another relay, says nothing here.
 */
export const readDoorHeader = async (
  socket: Duplex,
  options: { readonly challenge: Uint8Array; readonly doorKey: Uint8Array; readonly timeoutMilliseconds: number },
): Promise<DoorRead> => {
  const peeked = await peek(
    socket,
    (bytes) => {
      const decoding = decodeProxyHeader(bytes);
      return decoding.status === 'more' ? undefined : decoding;
    },
    { timeoutMilliseconds: options.timeoutMilliseconds, maximum: maxProxyHeaderLength },
    (decoding) => (decoding.status === 'done' ? decoding.length : 0),
  );
  if (peeked.outcome === 'timeout') return { ok: false, answer: 'timeout' };
  if (peeked.outcome !== 'verdict' || peeked.verdict.status !== 'done') return { ok: false, answer: 'malformed' };
  const { header, length } = peeked.verdict;
  const mac = proxyTlv(header, macTlv);
  const pass = proxyTlv(header, passTlv);
  // The MAC must be the very last thing, so that everything before it is what was signed.
  if (mac?.length !== macBytes || pass === undefined || header.tlvs.at(-1)?.type !== macTlv)
    return { ok: false, answer: 'unauthorized' };
  const signed = peeked.bytes.subarray(0, length - macBytes);
  if (!isDoorMac(doorMac(options.doorKey, options.challenge, signed), mac))
    return { ok: false, answer: 'unauthorized' };
  try {
    return {
      ok: true,
      visitor: {
        pass: parse(passSchema, parseJson(Buffer.from(pass).toString('utf8'))),
        originAddress: header.endpoints?.sourceAddress ?? '0.0.0.0',
        originPort: header.endpoints?.sourcePort ?? 0,
      },
    };
  } catch (error) {
    if (error instanceof SallyportError) return { ok: false, answer: 'malformed' };
    throw error;
  }
};

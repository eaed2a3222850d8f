import { proxySignature } from './proxy-protocol.ts';

export type Protocol = 'ssh' | 'tls' | 'http' | 'proxy-v2' | 'unknown';

/** As many bytes as ever decide: the longest HTTP method we know and its space, or the PROXY v2 signature. */
export const sniffLength = 12;

/** RFC 9110 methods, PATCH (RFC 5789) and PRI, the HTTP/2 preface (so that it can be refused by name). */
const methods = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'DELETE ', 'CONNECT ', 'OPTIONS ', 'TRACE ', 'PATCH ', 'PRI '];
const sshPrefix = Buffer.from('SSH-', 'latin1');
/** A TLS record of type handshake, version 3.x (RFC 8446 5.1). */
const tlsPrefix = Buffer.from([0x16, 0x03]);

const candidates: readonly (readonly [Protocol, Buffer])[] = [
  ['ssh', sshPrefix],
  ['tls', tlsPrefix],
  ['proxy-v2', proxySignature],
  ...methods.map((method) => ['http', Buffer.from(method, 'latin1')] as const),
];

/** What the first bytes of a connection begin. `undefined`: more bytes are needed to say. */
export const sniff = (bytes: Buffer): Protocol | undefined => {
  let open = false;
  for (const [protocol, prefix] of candidates) {
    const seen = Math.min(bytes.length, prefix.length);
    if (bytes.compare(prefix, 0, seen, 0, seen) !== 0) continue;
    if (seen === prefix.length) return protocol;
    open = true;
  }
  return open ? undefined : 'unknown';
};

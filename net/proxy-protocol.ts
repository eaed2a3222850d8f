import { crc32c } from './crc32c.ts';
import { packIpv4, packIpv6, unpackIpv4, unpackIpv6 } from './proxy-address.ts';

/** PROXY protocol version 2, as in HAProxy's proxy-protocol.txt 2.2: what a load balancer or a router says of its client. */
export interface ProxyEndpoints {
  readonly family: 'tcp4' | 'tcp6';
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

export interface ProxyTlv {
  /** 0-255. 0xE0-0xEF are for custom use (2.2.7). */
  readonly type: number;
  readonly value: Uint8Array;
}

/**
 * `local`: the proxy itself speaks (a health check); use the socket's own addresses. `proxy` without endpoints: the
 * family is unspecified, so the address is unknown.
 */
export interface ProxyHeader {
  readonly command: 'local' | 'proxy';
  readonly endpoints?: ProxyEndpoints | undefined;
  readonly tlvs: readonly ProxyTlv[];
}

export const proxyTlvTypes = { alpn: 0x01, authority: 0x02, crc32c: 0x03, noop: 0x04, uniqueId: 0x05 } as const;

export const proxySignature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** The protocol allows 64 KB; nobody sends more than a few hundred bytes, so more than this is refused unread. */
export const maxProxyHeaderLength = 4096;
const prefixLength = 16;

/** Throws RangeError where a field does not fit the format or the whole would pass `maxProxyHeaderLength`. */
export const encodeProxyHeader = (header: ProxyHeader, options: { readonly checksum?: boolean } = {}): Buffer => {
  const address = encodeEndpoints(header.endpoints);
  const tlvs = header.tlvs.map(encodeTlv);
  if (options.checksum) tlvs.push(encodeTlv({ type: proxyTlvTypes.crc32c, value: Buffer.alloc(4) }));
  const body = Buffer.concat([address.bytes, ...tlvs]);
  if (prefixLength + body.length > maxProxyHeaderLength) {
    throw new RangeError(`a PROXY header of ${prefixLength + body.length} bytes passes ${maxProxyHeaderLength}`);
  }
  const prefix = Buffer.alloc(prefixLength);
  proxySignature.copy(prefix);
  prefix[12] = 0x20 | (header.command === 'proxy' ? 1 : 0);
  prefix[13] = address.family;
  prefix.writeUInt16BE(body.length, 14);
  const whole = Buffer.concat([prefix, body]);
  // 2.2.3: the sum covers the whole header with its own four bytes as zero.
  if (options.checksum) whole.writeUInt32BE(crc32c(whole), whole.length - 4);
  return whole;
};

const encodeEndpoints = (endpoints: ProxyEndpoints | undefined): { family: number; bytes: Buffer } => {
  if (endpoints === undefined) return { family: 0x00, bytes: Buffer.alloc(0) };
  const pack = endpoints.family === 'tcp4' ? packIpv4 : packIpv6;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(endpoints.sourcePort, 0);
  ports.writeUInt16BE(endpoints.destinationPort, 2);
  return {
    family: endpoints.family === 'tcp4' ? 0x11 : 0x21,
    bytes: Buffer.concat([pack(endpoints.sourceAddress), pack(endpoints.destinationAddress), ports]),
  };
};

const encodeTlv = ({ type, value }: ProxyTlv): Buffer => {
  if (!Number.isInteger(type) || type < 0 || type > 0xff) throw new RangeError(`not a TLV type: ${type}`);
  const prefix = Buffer.alloc(3);
  prefix[0] = type;
  prefix.writeUInt16BE(Math.min(value.length, 0xffff), 1);
  return Buffer.concat([prefix, value]);
};

export type ProxyDecoding =
  /** Not all there yet: at least so many bytes in total are needed to go on. */
  | { readonly status: 'more'; readonly need: number }
  | { readonly status: 'done'; readonly header: ProxyHeader; readonly length: number }
  | { readonly status: 'invalid'; readonly why: string };

const invalid = (why: string): ProxyDecoding => ({ status: 'invalid', why });

/** Decodes from the first bytes of a stream. Never looks past the header; refuses at the first byte that cannot be one. */
export const decodeProxyHeader = (bytes: Buffer): ProxyDecoding => {
  const seen = Math.min(bytes.length, proxySignature.length);
  if (bytes.compare(proxySignature, 0, seen, 0, seen) !== 0) return invalid('no PROXY protocol v2 signature');
  if (bytes.length < prefixLength) return { status: 'more', need: prefixLength };
  const versionAndCommand = bytes.readUInt8(12);
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) return invalid('unknown version or command');
  const length = prefixLength + bytes.readUInt16BE(14);
  if (length > maxProxyHeaderLength) return invalid(`longer than ${maxProxyHeaderLength} bytes`);
  if (bytes.length < length) return { status: 'more', need: length };
  const whole = bytes.subarray(0, length);
  // 2.2: with LOCAL the receiver must ignore the protocol block, whatever it is, and skip its length.
  if (versionAndCommand === 0x20) return { status: 'done', header: { command: 'local', tlvs: [] }, length };
  const address = decodeEndpoints(whole.readUInt8(13), whole.subarray(prefixLength));
  if ('why' in address) return invalid(address.why);
  const tlvs = decodeTlvs(whole, prefixLength + address.length);
  if ('why' in tlvs) return invalid(tlvs.why);
  return { status: 'done', header: { command: 'proxy', endpoints: address.endpoints, tlvs: tlvs.list }, length };
};

type Decoded<T> = T | { readonly why: string };

const decodeEndpoints = (
  family: number,
  body: Buffer,
): Decoded<{ endpoints: ProxyEndpoints | undefined; length: number }> => {
  if (family === 0x00) return { endpoints: undefined, length: 0 };
  if (family !== 0x11 && family !== 0x21) return { why: 'an address family other than TCP over IPv4 or IPv6' };
  const size = family === 0x11 ? 4 : 16;
  const unpack = family === 0x11 ? unpackIpv4 : unpackIpv6;
  const length = size * 2 + 4;
  if (body.length < length) return { why: 'too short for its addresses' };
  const endpoints: ProxyEndpoints = {
    family: family === 0x11 ? 'tcp4' : 'tcp6',
    sourceAddress: unpack(body.subarray(0, size)),
    destinationAddress: unpack(body.subarray(size, size * 2)),
    sourcePort: body.readUInt16BE(size * 2),
    destinationPort: body.readUInt16BE(size * 2 + 2),
  };
  return { endpoints, length };
};

const decodeTlvs = (whole: Buffer, start: number): Decoded<{ list: ProxyTlv[] }> => {
  const list: ProxyTlv[] = [];
  let at = start;
  while (at < whole.length) {
    if (whole.length - at < 3) return { why: 'a cut-off TLV' };
    const type = whole.readUInt8(at);
    const end = at + 3 + whole.readUInt16BE(at + 1);
    if (end > whole.length) return { why: 'a TLV longer than the header' };
    const value = whole.subarray(at + 3, end);
    if (type === proxyTlvTypes.crc32c && !checksumHolds(whole, at + 3, value)) return { why: 'a wrong CRC32C' };
    if (type !== proxyTlvTypes.noop) list.push({ type, value: Buffer.from(value) });
    at = end;
  }
  return { list };
};

const checksumHolds = (whole: Buffer, at: number, value: Buffer): boolean => {
  if (value.length !== 4) return false;
  const zeroed = Buffer.from(whole).fill(0, at, at + 4);
  return value.readUInt32BE(0) === crc32c(zeroed);
};

/** The first TLV of that type, if any. */
export const proxyTlv = (header: ProxyHeader, type: number): Uint8Array | undefined =>
  header.tlvs.find((tlv) => tlv.type === type)?.value;

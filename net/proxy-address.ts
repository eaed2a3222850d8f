import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 address as 4 bytes. Throws RangeError for anything else. */
export const packIpv4 = (address: string): Buffer => {
  if (!isIPv4(address)) throw new RangeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return Buffer.from(address.split('.').map(Number));
};

/** An IPv6 address (an IPv4 one is mapped) as 16 bytes, without its zone. Throws RangeError for anything else. */
export const packIpv6 = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), packIpv4(address)]);
  const plain = address.split('%', 1)[0] ?? '';
  if (!isIPv6(plain)) throw new RangeError(`not an IPv6 address: ${JSON.stringify(address)}`);
  const [head = '', tail] = plain.split('::');
  const before = packGroups(head);
  const after = packGroups(tail ?? '');
  return Buffer.concat([before, Buffer.alloc(16 - before.length - after.length), after]);
};

const packGroups = (text: string): Buffer => {
  if (text === '') return Buffer.alloc(0);
  return Buffer.concat(
    text.split(':').map((group) => {
      if (group.includes('.')) return packIpv4(group);
      const value = Number.parseInt(group, 16);
      return Buffer.from([value >>> 8, value & 0xff]);
    }),
  );
};

export const unpackIpv4 = (bytes: Uint8Array): string => bytes.join('.');

/** RFC 5952 form, but an IPv4 address mapped into IPv6 comes out as the IPv4 address that it is. */
export const unpackIpv6 = (bytes: Uint8Array): string => {
  const view = Buffer.from(bytes);
  if (view.readUIntBE(0, 6) === 0 && view.readUIntBE(6, 6) === 0xffff) return unpackIpv4(view.subarray(12));
  const groups = Array.from({ length: 8 }, (_, index) => view.readUInt16BE(index * 2));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
};

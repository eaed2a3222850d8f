import fc from 'fast-check';
import { crc32c } from '../../../net/crc32c.ts';
import {
  decodeProxyHeader,
  encodeProxyHeader,
  maxProxyHeaderLength,
  type ProxyHeader,
  proxyTlv,
  proxyTlvTypes,
} from '../../../net/proxy-protocol.ts';

const signature = '0d0a0d0a000d0a515549540a';
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const tcp4 = {
  family: 'tcp4',
  sourceAddress: '127.0.0.1',
  sourcePort: 12345,
  destinationAddress: '192.168.0.1',
  destinationPort: 443,
} as const;
const tcp6 = {
  family: 'tcp6',
  sourceAddress: '2001:db8::1',
  sourcePort: 1,
  destinationAddress: '2001:db8:0:1::',
  destinationPort: 65535,
} as const;

const vectors: readonly (readonly [string, string, ProxyHeader])[] = [
  [
    'TCP over IPv4',
    `${signature} 21 11 000c 7f000001 c0a80001 3039 01bb`,
    { command: 'proxy', endpoints: tcp4, tlvs: [] },
  ],
  [
    'TCP over IPv6',
    `${signature} 21 21 0024 20010db8000000000000000000000001 20010db8000000010000000000000000 0001 ffff`,
    { command: 'proxy', endpoints: tcp6, tlvs: [] },
  ],
  ['LOCAL', `${signature} 20 00 0000`, { command: 'local', tlvs: [] }],
  ['an unknown address', `${signature} 21 00 0000`, { command: 'proxy', endpoints: undefined, tlvs: [] }],
  [
    'custom TLVs',
    `${signature} 21 11 0017 7f000001 c0a80001 3039 01bb e0 0002 beef e1 0003 010203`,
    {
      command: 'proxy',
      endpoints: tcp4,
      tlvs: [
        { type: 0xe0, value: hex('beef') },
        { type: 0xe1, value: hex('010203') },
      ],
    },
  ],
];

describe('PROXY protocol v2', () => {
  test.each(vectors)('%s is exactly these bytes, both ways', (_name, bytes, header) => {
    expect(encodeProxyHeader(header).toString('hex')).toBe(hex(bytes).toString('hex'));
    expect(decodeProxyHeader(Buffer.concat([hex(bytes), Buffer.from('SSH-2.0-next')]))).toEqual({
      status: 'done',
      header,
      length: hex(bytes).length,
    });
  });

  test.each(vectors)('%s asks for more at every cut, and says how much', (_name, bytes) => {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length += 1) {
      const decoding = decodeProxyHeader(whole.subarray(0, length));
      expect(decoding).toEqual({ status: 'more', need: length < 16 ? 16 : whole.length });
    }
  });

  test('LOCAL skips whatever block it carries', () => {
    expect(decodeProxyHeader(hex(`${signature} 20 11 0003 ffffff aa`))).toEqual({
      status: 'done',
      header: { command: 'local', tlvs: [] },
      length: 19,
    });
  });

  test('an IPv4 address mapped into IPv6 comes out as IPv4', () => {
    const decoding = decodeProxyHeader(
      encodeProxyHeader({ command: 'proxy', endpoints: { ...tcp6, sourceAddress: '198.51.100.9' }, tlvs: [] }),
    );
    expect(decoding).toMatchObject({ header: { endpoints: { sourceAddress: '198.51.100.9' } } });
  });

  test('NOOP padding is skipped', () => {
    const decoding = decodeProxyHeader(hex(`${signature} 21 00 0009 04 0002 0000 e0 0001 07`));
    expect(decoding).toMatchObject({ status: 'done', header: { tlvs: [{ type: 0xe0 }] } });
  });

  test.each([
    ['no signature', 'GET / HTTP/1.1'],
    ['version 1', 'PROXY TCP4 '],
  ])('%s is refused at the first byte that differs', (_name, text) => {
    expect(decodeProxyHeader(Buffer.from(text))).toMatchObject({ status: 'invalid' });
  });

  test.each([
    ['an unknown version', `${signature} 31 11 000c 7f000001 c0a80001 3039 01bb`],
    ['an unknown command', `${signature} 22 11 000c 7f000001 c0a80001 3039 01bb`],
    ['UDP', `${signature} 21 12 000c 7f000001 c0a80001 3039 01bb`],
    ['a UNIX socket', `${signature} 21 31 0000`],
    ['addresses that do not fit', `${signature} 21 11 000b 7f000001 c0a80001 3039 01`],
    ['a cut-off TLV', `${signature} 21 00 0002 e000`],
    ['a TLV past the end', `${signature} 21 00 0005 e0 0003 0102`],
    ['a length past the limit', `${signature} 21 11 1000`],
    ['a checksum of the wrong size', `${signature} 21 00 0004 03 0001 00`],
    ['a wrong checksum', `${signature} 21 00 0007 03 0004 00000000`],
  ])('%s is refused', (_name, bytes) => {
    expect(decodeProxyHeader(hex(bytes))).toMatchObject({ status: 'invalid' });
  });

  test('the checksum is CRC-32C over the whole header', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    const whole = encodeProxyHeader({ command: 'proxy', endpoints: tcp4, tlvs: [] }, { checksum: true });
    expect(decodeProxyHeader(whole)).toMatchObject({ status: 'done' });
    for (let at = 16; at < whole.length; at += 1) {
      const altered = Buffer.from(whole);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(decodeProxyHeader(altered)).not.toMatchObject({ status: 'done', header: { tlvs: [{ type: 3 }] } });
    }
  });

  test('what does not fit is refused when encoding', () => {
    const encode = (header: Partial<ProxyHeader>) => () => encodeProxyHeader({ command: 'proxy', tlvs: [], ...header });
    expect(encode({ tlvs: [{ type: 0xe0, value: Buffer.alloc(maxProxyHeaderLength) }] })).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
    expect(encode({ tlvs: [{ type: 256, value: Buffer.alloc(0) }] })).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
    expect(encode({ endpoints: { ...tcp4, sourceAddress: 'host.example' } })).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
    expect(encode({ endpoints: { ...tcp6, sourceAddress: '1::2::3' } })).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
    expect(encode({ endpoints: { ...tcp4, sourcePort: 65536 } })).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
  });

  test('any header survives the round trip, and no bytes make the decoder throw', () => {
    const port = fc.integer({ min: 0, max: 65535 });
    const endpoints = fc.oneof(
      fc.record({
        family: fc.constant('tcp4' as const),
        sourceAddress: fc.ipV4(),
        sourcePort: port,
        destinationAddress: fc.ipV4(),
        destinationPort: port,
      }),
      fc.record({
        family: fc.constant('tcp6' as const),
        sourceAddress: fc.ipV6(),
        sourcePort: port,
        destinationAddress: fc.ipV6(),
        destinationPort: port,
      }),
      fc.constant(undefined),
    );
    const tlv = fc.record({ type: fc.integer({ min: 0xe0, max: 0xef }), value: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(endpoints, fc.array(tlv, { maxLength: 8 }), fc.boolean(), (given, tlvs, checksum) => {
        const encoded = encodeProxyHeader({ command: 'proxy', endpoints: given, tlvs }, { checksum });
        const decoding = decodeProxyHeader(encoded);
        if (decoding.status !== 'done') throw new Error('must decode');
        const again = encodeProxyHeader(
          { ...decoding.header, tlvs: decoding.header.tlvs.filter(({ type }) => type !== proxyTlvTypes.crc32c) },
          { checksum },
        );
        expect(again.equals(encoded)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        decodeProxyHeader(Buffer.concat([hex(signature), noise]));
      }),
    );
  });

  test('proxyTlv finds the first of its type', () => {
    const header: ProxyHeader = {
      command: 'proxy',
      tlvs: [
        { type: 0xe0, value: hex('01') },
        { type: 0xe0, value: hex('02') },
      ],
    };
    expect(proxyTlv(header, 0xe0)).toEqual(hex('01'));
    expect(proxyTlv(header, 0xe1)).toBeUndefined();
  });
});

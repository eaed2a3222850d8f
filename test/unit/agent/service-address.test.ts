import { judgeAddress } from '../../../agent/service-address.ts';

const lanError = { ok: false, why: 'is another machine on the LAN: add "lan": true to allow it' };
const neverOf = (kind: string) => ({ ok: false, why: `is ${kind}, which is never reachable` });
const noAddress = { ok: false, why: 'must be an IP address or localhost' };

describe('the device itself', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['127.8.9.10', '127.8.9.10'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ])('%s is reachable', (given, host) => {
    expect(judgeAddress(given, false)).toEqual({ ok: true, host });
  });
});

describe('other machines on the LAN', () => {
  test.each(['192.168.1.4', '10.0.0.1', '172.31.255.254', 'fd12:3456::1', '::ffff:10.0.0.1'])(
    '%s only when it is allowed in so many words',
    (address) => {
      expect(judgeAddress(address, false)).toEqual(lanError);
      expect(judgeAddress(address, true)).toMatchObject({ ok: true });
    },
  );
});

describe('never, whatever is allowed', () => {
  test.each([
    ['169.254.169.254', 'a link-local address, as clouds use for their metadata'],
    ['::ffff:169.254.169.254', 'a link-local address, as clouds use for their metadata'],
    ['fe80::1', 'a link-local address, as clouds use for their metadata'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'a broadcast address'],
    ['0.0.0.0', 'no single address'],
    ['::', 'no single address'],
    ['8.8.8.8', 'a public address'],
    ['2001:4860:4860::8888', 'a public address'],
    ['168.63.129.16', 'a public address'],
    ['100.100.100.200', 'a special address (carrierGradeNat)'],
    ['192.0.0.192', 'a special address (reserved)'],
    ['64:ff9b::7f00:1', 'a special address (rfc6052)'],
    ['2002:7f00:1::', 'a special address (6to4)'],
  ])('%s is %s', (address, kind) => {
    expect(judgeAddress(address, true)).toEqual(neverOf(kind));
    expect(judgeAddress(address, false)).toEqual(neverOf(kind));
  });

  test.each(['fd00:ec2::254', 'fd00:0ec2:0:0:0:0:0:254', 'fd20:ce::254', 'fd00:42::42'])(
    '%s is metadata',
    (address) => {
      expect(judgeAddress(address, true)).toEqual({
        ok: false,
        why: 'is a metadata service, which is never reachable',
      });
    },
  );
});

describe('not an address', () => {
  test.each([
    '',
    'example.com',
    'LOCALHOST',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.1 ',
    '127.0.0.1:22',
    '[::1]',
    '::1%lo',
    'fd00:ec2::254%eth0',
  ])('%j', (text) => {
    expect(judgeAddress(text, true)).toEqual(noAddress);
  });
});

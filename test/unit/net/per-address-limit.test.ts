import { addressKey, PerAddressLimit } from '../../../net/per-address-limit.ts';

describe('addressKey', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
    ['not an address', 'not an address'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('PerAddressLimit', () => {
  test('limits one address without limiting the others, and the total', () => {
    const limit = new PerAddressLimit({ total: 3, perAddress: 2 });
    const first = limit.enter('192.0.2.1');
    expect(limit.enter('192.0.2.1')).toMatchObject({ entered: true });
    expect(limit.enter('192.0.2.1')).toEqual({ entered: false, full: 'address' });
    expect(limit.enter('192.0.2.2')).toMatchObject({ entered: true });
    expect(limit.enter('192.0.2.3')).toEqual({ entered: false, full: 'total' });
    expect(limit.count).toBe(3);
    if (first.entered) first.leave();
    expect(limit.enter('192.0.2.1')).toMatchObject({ entered: true });
  });

  test('leaving twice frees one place', () => {
    const limit = new PerAddressLimit({ total: 9, perAddress: 2 });
    const entry = limit.enter('2001:db8::1');
    limit.enter('2001:db8::2');
    if (!entry.entered) throw new Error('must enter');
    entry.leave();
    entry.leave();
    expect(limit.count).toBe(1);
    expect(limit.enter('2001:db8::3').entered).toBe(true);
    expect(limit.enter('2001:db8::4').entered).toBe(false);
  });
});

import { type Device, type DeviceKey, helloMilliseconds, maxStockKeys } from '../../core/model/device.ts';
import { newDevice } from '../../core/model/device-hello.ts';
import type { Devices, HelloFacts } from '../../core/ports/devices.ts';
import { anyId, noon } from '../support/rows.ts';
import { race } from './each-adapter.ts';

export const devicesContract = (open: () => Devices): void => {
  const aKey = (parts: Partial<DeviceKey> = {}): DeviceKey => ({
    fingerprint: `SHA256:${anyId()}`,
    publicKey: 'ssh-ed25519 AAAA',
    addedAt: noon,
    ...parts,
  });
  const facts = (parts: Partial<HelloFacts> = {}): HelloFacts => ({
    clientId: 'pump-agent',
    agentVersion: '1.2.3',
    services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
    key: aKey(),
    stock: false,
    hostKeys: ['ssh-ed25519 HOST'],
    at: noon,
    ...parts,
  });
  const later = (count = 1): number => noon + count * helloMilliseconds;
  const hello = async (devices: Devices, id: string, parts: Partial<HelloFacts> = {}): Promise<Device> => {
    const outcome = await devices.hello(id, facts(parts));
    if (!outcome.ok) throw new Error('the hello did not count');
    return outcome.row;
  };

  describe('hello', () => {
    test('the first makes the row, pins the host keys and is read back', async () => {
      const devices = open();
      const id = `Pump:${anyId()}`;
      const said = facts();
      const { clientId, agentVersion, services, hostKeys, key, at } = said;
      const row = { ...newDevice(id), clientId, agentVersion, services, hostKeys, sessionKey: key, helloAt: at };
      expect(await devices.hello(id, said)).toEqual({ ok: true, row });
      expect(await devices.get(id)).toEqual(row);
      expect(await devices.getByLabel(row.label)).toEqual(row);
    });
    test('a new key makes the one before previous; the same key again moves nothing', async () => {
      const devices = open();
      const id = anyId();
      const [one, two] = [aKey(), aKey()];
      await hello(devices, id, { key: one });
      expect(await hello(devices, id, { key: two, at: later(1) })).toMatchObject({ sessionKey: two, previousKey: one });
      expect(await hello(devices, id, { key: two, at: later(2) })).toMatchObject({ sessionKey: two, previousKey: one });
      expect(await devices.get(id)).toMatchObject({ sessionKey: two, previousKey: one, helloAt: later(2) });
    });
    test('is too soon within ten seconds of one that counted, and when it is older', async () => {
      const devices = open();
      const id = anyId();
      const row = await hello(devices, id);
      for (const at of [noon + helloMilliseconds - 1, noon - 1, noon - helloMilliseconds])
        expect(await devices.hello(id, facts({ at }))).toEqual({ ok: false, lost: 'too_soon', row });
      expect(await devices.get(id)).toEqual(row);
    });
    test('the same one delivered twice is a success', async () => {
      const devices = open();
      const id = anyId();
      for (const stock of [false, true]) {
        const said = facts({ stock, at: later(stock ? 1 : 0) });
        const first = await devices.hello(id, said);
        expect(await devices.hello(id, said)).toEqual(first);
        expect((await devices.hello(id, { ...said, key: aKey() })).ok).toBe(false);
      }
    });
    test('of 50 at one moment one counts', async () => {
      const devices = open();
      const id = anyId();
      expect(await race(50, () => devices.hello(id, facts()))).toHaveLength(1);
    });
    test("a stock client's key goes beside the session key, the newest few of them", async () => {
      const devices = open();
      const id = anyId();
      const session = aKey();
      await hello(devices, id, { key: session });
      const keys = Array.from({ length: maxStockKeys + 1 }, () => aKey());
      for (const [index, key] of keys.entries()) await hello(devices, id, { key, stock: true, at: later(index + 1) });
      await hello(devices, id, { ...{ key: keys[2] ?? aKey() }, stock: true, at: later(9) });
      const row = await devices.get(id);
      expect(row?.stockKeys).toEqual(keys.slice(1));
      expect(row?.sessionKey).toEqual(session);
    });
    test('other host keys wait for an administrator; the pinned ones again end the wait; none says nothing', async () => {
      const devices = open();
      const id = anyId();
      await hello(devices, id, { hostKeys: [] });
      await hello(devices, id, { hostKeys: ['a', 'b'], at: later(1) });
      expect(await devices.get(id)).toMatchObject({ hostKeys: ['a', 'b'] });
      expect(await hello(devices, id, { hostKeys: ['b', 'a'], at: later(2) })).not.toHaveProperty('pendingHostKeys');
      expect(await hello(devices, id, { hostKeys: ['c'], at: later(3) })).toMatchObject({ pendingHostKeys: ['c'] });
      expect(await hello(devices, id, { hostKeys: [], at: later(4) })).toMatchObject({ pendingHostKeys: ['c'] });
      expect(await hello(devices, id, { hostKeys: ['a', 'b'], at: later(5) })).not.toHaveProperty('pendingHostKeys');
      expect(await devices.get(id)).not.toHaveProperty('pendingHostKeys');
    });
  });

  describe('change', () => {
    test('makes the row of a device that never said anything', async () => {
      const devices = open();
      const id = anyId();
      const row = { ...newDevice(id), attributes: { site: 'north' } };
      expect(await devices.change(id, { attributes: { site: 'north' } })).toEqual(row);
      expect(await devices.get(id)).toEqual(row);
    });
    test('sets what is given and leaves the rest', async () => {
      const devices = open();
      const id = anyId();
      const before = await hello(devices, id);
      const stockKeys = [aKey()];
      expect(await devices.change(id, { frozen: true })).toEqual({ ...before, frozen: true });
      expect(await devices.change(id, { stockKeys })).toEqual({ ...before, frozen: true, stockKeys });
      expect(await devices.change(id, { frozen: false, attributes: {} })).toEqual({ ...before, stockKeys });
      expect(await devices.get(id)).toEqual({ ...before, stockKeys });
      const services = [{ name: 'console', scheme: 'tcp', port: 23 }] as const;
      expect(await devices.change(id, { services })).toEqual({ ...before, stockKeys, services });
    });
    test('accepts the host keys that wait, where some do', async () => {
      const devices = open();
      const id = anyId();
      const before = await hello(devices, id, { hostKeys: ['a'] });
      expect(await devices.change(id, { acceptHostKeys: true })).toEqual(before);
      await hello(devices, id, { hostKeys: ['b'], at: later() });
      const after = await devices.change(id, { acceptHostKeys: true });
      expect(after.hostKeys).toEqual(['b']);
      expect(await devices.get(id)).toEqual(after);
      expect(after).not.toHaveProperty('pendingHostKeys');
    });
    test('gives leave and takes it away; forgets all keys', async () => {
      const devices = open();
      const id = anyId();
      const enrolment = { endsAt: later(), replace: false };
      const before = await hello(devices, id);
      await hello(devices, id, { key: aKey(), stock: true, at: later() });
      expect(await devices.change(id, { enrolment })).toMatchObject({ enrolment });
      expect(await devices.get(id)).toMatchObject({ enrolment, sessionKey: before.sessionKey });
      await devices.change(id, { enrolment: null, forgetKeys: true });
      const { sessionKey: _key, ...rest } = before;
      expect(await devices.get(id)).toEqual({ ...rest, helloAt: later() });
    });
    test('beside hellos at the same moment loses nothing', async () => {
      const devices = open();
      const id = anyId();
      await devices.change(id, {});
      await Promise.all([
        devices.change(id, { frozen: true }),
        devices.hello(id, facts()),
        devices.change(id, { attributes: { site: 'north' } }),
      ]);
      expect(await devices.get(id)).toMatchObject({
        ...{ frozen: true, attributes: { site: 'north' }, clientId: 'pump-agent', helloAt: noon },
      });
    });
  });

  describe('takeEnrolment', () => {
    const facts = (certificate: string) => ({ certificate, claim: 'c', active: [], at: noon });

    test('is for the one certificate that comes first, and makes no row', async () => {
      const devices = open();
      const id = anyId();
      expect(await devices.takeEnrolment(id, facts('x'))).toMatchObject({ ok: false, lost: 'not_listed' });
      expect(await devices.get(id)).toBeUndefined();
      await devices.change(id, { enrolment: { endsAt: later(), replace: false } });
      const certificates = Array.from({ length: 20 }, (_, index) => `certificate-${index}`);
      const outcomes = await Promise.all(certificates.map((one) => devices.takeEnrolment(id, facts(one))));
      const winners = certificates.filter((_, index) => outcomes[index]?.ok);
      expect(winners).toHaveLength(1);
      expect((await devices.get(id))?.enrolment?.takenBy).toBe(winners[0]);
      expect(await devices.takeEnrolment(id, facts(winners[0] ?? ''))).toMatchObject({ ok: true });
      expect(await devices.takeEnrolment(id, facts('another'))).toMatchObject({ ok: false, lost: 'leave_taken' });
    });
  });

  test('an absent device is none by id or label, nor is a key of another kind of row', async () => {
    const devices = open();
    const id = anyId();
    await devices.change(id, { attributes: { site: 'north' } });
    expect(await devices.get(anyId())).toBeUndefined();
    expect(await devices.get(`${id}#site`)).toBeUndefined();
    expect(await devices.getByLabel(anyId())).toBeUndefined();
    expect(await devices.getByLabel(id)).toMatchObject({ id });
  });
};

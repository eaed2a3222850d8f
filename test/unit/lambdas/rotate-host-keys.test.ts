import type { HostKeySet } from '../../../core/ports/host-key-store.ts';
import type { PinSet } from '../../../core/ports/pins.ts';
import { respond } from '../../../lambdas/rotate-host-keys.ts';
import { createWorld } from '../use-cases/world.ts';

const pair = (name: string) => ({ type: 'ssh-ed25519', private: `secret ${name}`, public: `ssh-ed25519 ${name}` });

const setUp = () => {
  const { ports, records, lines } = createWorld();
  const kept = {
    relay: { keys: [pair('relay')], since: ports.clock.now() } as HostKeySet,
    router: { keys: [pair('router')], since: ports.clock.now() } as HostKeySet,
    pins: { version: 1, lines: ['ssh-ed25519 relay'] } as PinSet,
  };
  const store = <Kind extends keyof typeof kept>(kind: Kind) => ({
    read: async () => kept[kind],
    write: async (value: (typeof kept)[Kind]) => {
      kept[kind] = value;
    },
  });
  const makeHostKeyPairs = async () => [pair('new')];
  const stores = { relayKeys: store('relay'), routerKeys: store('router'), pins: store('pins') };
  return { kept, records, lines, ports: { ...ports, ...stores, makeHostKeyPairs } };
};

test("the hour's event asks after both kinds and changes nothing before its day", async () => {
  const { ports, kept } = setUp();
  const before = structuredClone(kept);
  const scheduled = { version: '0', id: 'x', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} };
  expect(await respond(ports, scheduled)).toMatchObject({ relay: { phase: 'rest' }, router: { phase: 'rest' } });
  expect(kept).toEqual(before);
});

test('one kind alone, at once; no private key in answer, log or record', async () => {
  const { ports, kept, records, lines } = setUp();
  const answer = await respond(ports, { of: 'relay', haste: 'compromised' });
  expect(answer).toMatchObject({ relay: { phase: 'rest' } });
  expect(kept.pins.lines).toEqual(['ssh-ed25519 new']);
  expect(kept.router.keys).toEqual([pair('router')]);
  expect(records).toContainEqual(expect.objectContaining({ kind: 'changed', action: 'host_keys' }));
  expect(JSON.stringify([answer, records, lines])).not.toContain('secret ');
});

test.each([{ haste: 'yesterday' }, { of: 'device' }])('%j is refused', async (event) => {
  const { ports, kept } = setUp();
  const before = structuredClone(kept);
  await expect(respond(ports, event)).rejects.toMatchObject({ code: 'invalid_request' });
  expect(kept).toEqual(before);
});

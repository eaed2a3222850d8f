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
    link: { keys: [pair('link')], since: ports.clock.now() } as HostKeySet,
    anchor: { keys: [pair('anchor')], since: ports.clock.now() } as HostKeySet,
    pins: { version: 1, lines: ['ssh-ed25519 relay'] } as PinSet,
  };
  const store = <Kind extends keyof typeof kept>(kind: Kind) => ({
    read: async () => kept[kind],
    write: async (value: (typeof kept)[Kind]) => {
      kept[kind] = value;
    },
  });
  const makeHostKeyPairs = async () => [pair('new')];
  const makeSigningKeyPairs = async () => [pair('new-signing')];
  const stores = {
    ...{ relayKeys: store('relay'), routerKeys: store('router'), linkKeys: store('link') },
    ...{ anchorKeys: store('anchor'), pins: store('pins') },
  };
  return { kept, records, lines, ports: { ...ports, ...stores, makeHostKeyPairs, makeSigningKeyPairs } };
};

test("the hour's event asks after all kinds and changes nothing before its day", async () => {
  const { ports, kept } = setUp();
  const before = structuredClone(kept);
  const scheduled = { version: '0', id: 'x', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} };
  const rest = { do: 'wait', phase: 'rest', until: ports.clock.now() + 90 * 86_400_000 };
  expect(await respond(ports, scheduled)).toEqual({ relay: rest, router: rest, link: rest, anchor: rest });
  expect(kept).toEqual(before);
});

test('one kind alone, at once; no private key in answer, log or record', async () => {
  const { ports, kept, records, lines } = setUp();
  const answer = await respond(ports, { of: 'relay', haste: 'compromised' });
  expect(answer).toEqual({ relay: expect.objectContaining({ phase: 'rest' }) });
  expect(kept.pins.lines).toEqual(['ssh-ed25519 new']);
  expect([kept.router.keys, kept.link.keys, kept.anchor.keys]).toEqual([
    [pair('router')],
    [pair('link')],
    [pair('anchor')],
  ]);
  expect(records).toContainEqual(expect.objectContaining({ kind: 'changed', action: 'host_keys' }));
  expect(JSON.stringify([answer, records, lines])).not.toContain('secret ');
});

test('fills what is empty when it is told to, on record, and nothing else', async () => {
  const { ports, kept, records } = setUp();
  const { link, ...before } = structuredClone(kept);
  Object.assign(kept, { link: undefined });
  expect(await respond(ports, {})).toMatchObject({ link: 'empty' });
  expect(await respond(ports, { fill: true })).toMatchObject({ link: { phase: 'rest' } });
  expect(kept).toEqual({ ...before, link: { ...link, keys: [pair('new-signing')] } });
  expect(records).toContainEqual(
    expect.objectContaining({ action: 'host_keys', facts: expect.objectContaining({ step: 'filled' }) }),
  );
});

test("the link key goes by its own pace and gets a pair of its own kind; hosts' keys and pins stay", async () => {
  const { ports, kept, records } = setUp();
  const { link: _link, ...before } = structuredClone(kept);
  const now = ports.clock.now();
  expect(await respond(ports, { of: 'link', haste: 'now' })).toEqual({
    link: { do: 'wait', phase: 'announced', until: now + 3_600_000 },
  });
  expect(kept).toEqual({
    ...before,
    link: { keys: [pair('link')], since: now, next: { keys: [pair('new-signing')], announcedAt: now } },
  });
  expect(records).toContainEqual(
    expect.objectContaining({ action: 'host_keys', facts: { of: 'link', step: 'made', haste: 'now' } }),
  );
});

test('the anchor key is announced for a day, in which every announcement is exported or lost', async () => {
  const { ports, kept, records } = setUp();
  const { anchor: _anchor, ...before } = structuredClone(kept);
  const now = ports.clock.now();
  expect(await respond(ports, { of: 'anchor', haste: 'now' })).toEqual({
    anchor: { do: 'wait', phase: 'announced', until: now + 86_400_000 },
  });
  expect(kept).toEqual({
    ...before,
    anchor: { keys: [pair('anchor')], since: now, next: { keys: [pair('new-signing')], announcedAt: now } },
  });
  expect(records).toContainEqual(
    expect.objectContaining({ action: 'host_keys', facts: { of: 'anchor', step: 'announced', haste: 'now' } }),
  );
});

test.each([{ haste: 'yesterday' }, { of: 'device' }])('%j is refused', async (event) => {
  const { ports, kept } = setUp();
  const before = structuredClone(kept);
  await expect(respond(ports, event)).rejects.toMatchObject({ code: 'invalid_request' });
  expect(kept).toEqual(before);
});

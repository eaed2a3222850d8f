import { createEventHub } from '../../../core/events.ts';
import type { AuditRecord } from '../../../core/model/audit-record.ts';
import { linkRotationPace, rotationPace } from '../../../core/model/key-rotation.ts';
import type { HostKeyPair, HostKeySet } from '../../../core/ports/host-key-store.ts';
import type { PinSet } from '../../../core/ports/pins.ts';
import { type Haste, type KeyKind, rotateHostKeys } from '../../../core/use-cases/rotate-host-keys.ts';

const day = 86_400_000;
const hour = 3_600_000;
const key = (name: string): HostKeyPair => ({
  type: 'ssh-ed25519',
  private: `secret-${name}`,
  public: `ssh-ed25519 ${name}`,
});

const setUp = (given: { readonly withoutPins?: boolean; readonly of?: KeyKind } = {}) => {
  const world = {
    now: 1_000 * day,
    set: { keys: [key('0')], since: 1_000 * day } as HostKeySet | undefined,
    pins: { version: 3, lines: ['ssh-ed25519 0'] } as PinSet | undefined,
    records: [] as AuditRecord[],
    lines: [] as string[],
    failing: false,
  };
  const { of = 'relay' } = given;
  let made = 0;
  const clock = { now: () => world.now, monotonic: () => world.now };
  const hub = createEventHub({
    process: 'test',
    clock,
    log: { write: (line) => void world.lines.push(JSON.stringify(line)) },
    metrics: { count: () => undefined, gauge: () => undefined, observe: () => undefined },
    audit: {
      append: async (record) => {
        if (world.failing) throw new Error('no table');
        world.records.push(record);
      },
    },
  });
  const ports = {
    hub,
    clock,
    keys: {
      read: async () => world.set,
      write: async (set: HostKeySet) => {
        world.set = set;
      },
    },
    ...(given.withoutPins === true
      ? {}
      : {
          pins: {
            read: async () => world.pins,
            write: async (pins: PinSet) => {
              if (world.pins !== undefined && pins.version <= world.pins.version) throw new Error('not newer');
              world.pins = pins;
            },
          },
        }),
    makeKeyPairs: async () => {
      made += 1;
      return [key(String(made))];
    },
  };
  const run = (haste: Haste = 'scheduled') =>
    rotateHostKeys(ports, { of, pace: of === 'link' ? linkRotationPace : rotationPace, haste });
  const steps = () => world.records.flatMap(({ facts }) => (facts === undefined ? [] : [facts.step]));
  const served = () => world.set?.keys.map((one) => one.public);
  return { world, run, steps, served, ports };
};

test('a quarter: announced for eight days, switched, believed for eight more, refused', async () => {
  const { world, run, steps, served } = setUp();
  await run();
  expect(steps()).toEqual([]);
  world.now += 90 * day;
  expect(await run()).toMatchObject({ phase: 'announced' });
  expect([served(), world.pins?.lines]).toEqual([['ssh-ed25519 0'], ['ssh-ed25519 0', 'ssh-ed25519 1']]);
  world.now += 8 * day - 1;
  await run();
  expect(served()).toEqual(['ssh-ed25519 0']);
  world.now += 1;
  expect(await run()).toMatchObject({ phase: 'switched' });
  expect([served(), world.pins?.lines]).toEqual([['ssh-ed25519 1'], ['ssh-ed25519 0', 'ssh-ed25519 1']]);
  world.now += 8 * day;
  expect(await run()).toMatchObject({ phase: 'rest', until: world.now + 82 * day });
  expect(world.pins?.lines).toEqual(['ssh-ed25519 1']);
  expect(steps()).toEqual(['made', 'pinned', 'announced', 'switched', 'retired', 'pinned']);
  expect(JSON.stringify([world.records, world.lines])).not.toContain('secret-');
});

test('pins get a larger version each time, even on a clock that went back', async () => {
  const { world, run } = setUp();
  world.pins = { version: 9_000 * day, lines: ['ssh-ed25519 0'] };
  world.now += 90 * day;
  await run();
  expect(world.pins?.version).toBe(9_000 * day + 1);
});

test('asked for now, it begins at once, and asked again it does not begin another', async () => {
  const { run, steps, served } = setUp();
  expect(await run('now')).toMatchObject({ phase: 'announced' });
  await run('now');
  expect(steps()).toEqual(['made', 'pinned', 'announced']);
  expect(served()).toEqual(['ssh-ed25519 0']);
});

test('a compromised key is gone from the pins after one run, with the successor that lay beside it', async () => {
  const { world, run, steps, served } = setUp();
  await run('now');
  await run('compromised');
  expect([served(), world.pins?.lines]).toEqual([['ssh-ed25519 2'], ['ssh-ed25519 2']]);
  expect(world.set).toEqual({ keys: [key('2')], since: world.now });
  expect(steps().slice(3)).toEqual([
    'discarded',
    'pinned',
    'made',
    'pinned',
    'announced',
    'switched',
    'retired',
    'pinned',
  ]);
});

test('in the overlap too', async () => {
  const { world, run, served } = setUp();
  await run('now');
  world.now += 8 * day;
  await run();
  await run('compromised');
  expect([served(), world.pins?.lines]).toEqual([['ssh-ed25519 2'], ['ssh-ed25519 2']]);
});

test('keys that nobody pins rotate alike', async () => {
  const { world, run, steps } = setUp({ withoutPins: true });
  await run('now');
  world.now += 8 * day;
  await run();
  world.now += 8 * day;
  await run();
  expect(steps()).toEqual(['made', 'announced', 'switched', 'retired']);
});

describe('the key of links', () => {
  const setUpLink = () => setUp({ withoutPins: true, of: 'link' });

  test('a quarter: announced for an hour, signs, and the one before is believed for a day', async () => {
    const { world, run, steps, served } = setUpLink();
    world.now += 90 * day - 1;
    expect(await run()).toMatchObject({ phase: 'rest', until: world.now + 1 });
    world.now += 1;
    const began = world.now;
    expect(await run()).toMatchObject({ phase: 'announced', until: began + hour });
    expect(world.set).toMatchObject({ keys: [key('0')], next: { keys: [key('1')], announcedAt: began } });
    world.now += hour - 1;
    await run();
    expect(served()).toEqual(['ssh-ed25519 0']);
    world.now += 1;
    expect(await run()).toMatchObject({ phase: 'switched', until: world.now + day });
    expect(world.set).toEqual({ keys: [key('1')], since: began + hour, former: ['ssh-ed25519 0'] });
    world.now += day - 1;
    await run();
    expect(world.set?.former).toEqual(['ssh-ed25519 0']);
    world.now += 1;
    expect(await run()).toMatchObject({ phase: 'rest', until: began + hour + 90 * day });
    expect(world.set).toEqual({ keys: [key('1')], since: began + hour });
    expect(steps()).toEqual(['made', 'announced', 'switched', 'retired']);
    expect(new Set(world.records.flatMap(({ facts }) => facts?.of ?? []))).toEqual(new Set(['link']));
  });

  test.each([
    ['at rest', 0],
    ['beside its successor', 1],
    ['in the overlap', hour],
  ])('a compromised one, %s, is believed no more after one run', async (_name, since) => {
    const { world, run } = setUpLink();
    if (since > 0) await run('now');
    world.now += since;
    await run();
    await run('compromised');
    expect(world.set).toEqual({ keys: [expect.objectContaining({})], since: world.now });
    expect(JSON.stringify(world.set)).not.toMatch(since > 0 ? /secret-[01]/ : /secret-0/);
  });
});

test('an empty secret is left to who fills it', async () => {
  const { world, run } = setUp();
  world.set = undefined;
  expect(await run('compromised')).toBeUndefined();
  expect(world.set).toBeUndefined();
});

test('a step that cannot be recorded is not taken', async () => {
  const { world, run } = setUp();
  world.failing = true;
  await expect(run('now')).rejects.toThrow();
  expect(world.set).toEqual({ keys: [key('0')], since: 1_000 * day });
});

test('pins that cannot be read stop everything', async () => {
  const { world, run, ports } = setUp();
  world.now += 90 * day;
  if (ports.pins !== undefined)
    ports.pins.read = () => Promise.reject(new Error('a secret is not of the expected form'));
  await expect(run()).rejects.toThrow('expected form');
  expect([world.set?.next, world.pins?.version]).toEqual([undefined, 3]);
});

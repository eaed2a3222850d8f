import { type Agreement, Greeting } from '../../../agent/greeting.ts';
import type { SessionKey } from '../../../agent/relay-link.ts';
import { FakePace, settle } from './fake-pace.ts';
import { Lines, makeKey, pins, relay } from './fakes.ts';

const setUp = () => {
  const pace = new FakePace();
  const lines = new Lines();
  const hellos: SessionKey[] = [];
  const welcomes: Agreement[] = [];
  let isSayable = true;
  const greeting = new Greeting({
    ...{ makeKey, pace, log: lines.log },
    sayHello: (key) => {
      if (!isSayable) return Promise.reject(new Error('not connected'));
      hellos.push(key);
      return Promise.resolve();
    },
    onWelcome: (agreement) => void welcomes.push(agreement),
  });
  const welcome = (
    key: SessionKey | undefined,
    how: { readonly pins?: string[]; readonly pinsVersion?: number } = {},
  ) => greeting.welcome({ v: 1, type: 'welcome', fingerprint: key?.fingerprint ?? '', relay, pins, ...how });
  /** What is agreed now, if anything. */
  const agreed = async (): Promise<Agreement | undefined> => {
    let found: Agreement | undefined;
    const stop = new AbortController();
    void greeting.agreed(stop.signal).then(
      (agreement) => {
        found = agreement;
      },
      () => undefined,
    );
    await settle();
    stop.abort();
    return found;
  };
  const silence = () => {
    isSayable = false;
  };
  return { pace, lines, hellos, welcomes, greeting, welcome, agreed, silence };
};

describe('the greeting', () => {
  test('agrees on nothing before the cloud names the key', async () => {
    const { greeting, hellos, agreed, welcome } = setUp();
    expect(await agreed()).toBeUndefined();
    greeting.connected();
    expect(await agreed()).toBeUndefined();
    welcome(makeKey());
    expect(await agreed()).toBeUndefined();
    welcome(hellos[0]);
    expect(await agreed()).toMatchObject({ key: hellos[0], relay, pins });
  });

  test('says hello again every 4 to 7 s until it is answered', async () => {
    const { greeting, hellos, pace, welcome } = setUp();
    greeting.connected();
    await pace.advance(22_500);
    expect(hellos).toHaveLength(5);
    welcome(hellos[0]);
    await pace.advance(60_000);
    expect(hellos).toHaveLength(5);
  });

  test('says nothing while the connection is away, and goes on when it is back', async () => {
    const { greeting, hellos, pace } = setUp();
    greeting.connected();
    greeting.disconnected();
    await pace.advance(60_000);
    expect(hellos).toHaveLength(1);
    greeting.connected();
    expect(hellos).toHaveLength(2);
  });

  test('keeps what was agreed through a lost connection, for a hello that comes too soon is not answered', async () => {
    const { greeting, hellos, welcome, agreed } = setUp();
    greeting.connected();
    welcome(hellos[0]);
    greeting.disconnected();
    expect(await agreed()).toMatchObject({ key: hellos[0] });
    greeting.connected();
    expect(await agreed()).toMatchObject({ key: hellos[0] });
  });

  test('dials with the old key until the new one is acknowledged', async () => {
    const { greeting, hellos, welcome, agreed } = setUp();
    greeting.connected();
    welcome(hellos[0]);
    greeting.rotate();
    expect(hellos[1]).not.toEqual(hellos[0]);
    expect(await agreed()).toMatchObject({ key: hellos[0] });
    welcome(hellos[0]);
    expect(await agreed()).toMatchObject({ key: hellos[0] });
    welcome(hellos[1]);
    expect(await agreed()).toMatchObject({ key: hellos[1] });
  });

  test('announces a key that was made while the connection was away', async () => {
    const { greeting, hellos } = setUp();
    greeting.rotate();
    expect(hellos).toHaveLength(0);
    greeting.connected();
    expect(hellos).toEqual([greeting.offered]);
  });

  test('uses a refused key again only when the cloud has named it again', async () => {
    const { greeting, hellos, welcome, agreed } = setUp();
    greeting.connected();
    welcome(hellos[0]);
    greeting.refused(hellos[0] ?? makeKey());
    expect(hellos).toHaveLength(2);
    expect(await agreed()).toBeUndefined();
    welcome(hellos[1]);
    expect(await agreed()).toMatchObject({ key: hellos[0] });
  });

  test('takes where to dial from the newest command', async () => {
    const { greeting, hellos, welcome, agreed, pace } = setUp();
    const newer = { relay: { host: 'elsewhere.example.com', port: 22 }, pins: ['ssh-ed25519 BBBB'] };
    greeting.redirect(newer);
    expect(await agreed()).toBeUndefined();
    greeting.connected();
    welcome(hellos[0]);
    await pace.advance(500);
    greeting.redirect(newer);
    expect(await agreed()).toEqual({ ...newer, pinsVersion: 0, key: hellos[0], saidAt: 1_500 });
  });

  test('never goes back to older pins, neither by a command that came late nor by an old welcome', async () => {
    const { greeting, hellos, welcome, agreed, pace, lines } = setUp();
    greeting.connected();
    welcome(hellos[0], { pins: ['ssh-ed25519 NEW'], pinsVersion: 8 });
    await pace.advance(500);
    const stale = { relay: { host: 'stale.example.com', port: 22 }, pins: ['ssh-ed25519 OLD'] };
    greeting.redirect({ ...stale, pinsVersion: 7 });
    greeting.redirect(stale);
    // Nor does it count as said just now: a relay that does not fit is still asked about.
    expect(await agreed()).toMatchObject({ relay, pins: ['ssh-ed25519 NEW'], saidAt: 1_000 });
    expect(lines.of('pins.old')).toEqual([{ version: 7 }, { version: 0 }]);
    greeting.renew();
    welcome(hellos[1], { pins: ['ssh-ed25519 OLD'], pinsVersion: 7 });
    expect(await agreed()).toMatchObject({ pins: ['ssh-ed25519 NEW'], saidAt: 1_000 });
    greeting.redirect({ ...stale, pinsVersion: 9 });
    expect(await agreed()).toMatchObject({ ...stale, saidAt: 1_500 });
  });

  test('asks anew when what was said is in doubt', async () => {
    const { greeting, hellos, welcome, agreed } = setUp();
    greeting.connected();
    welcome(hellos[0]);
    greeting.renew();
    expect(await agreed()).toBeUndefined();
    expect(hellos).toHaveLength(2);
    welcome(hellos[1], { pins: ['ssh-ed25519 CCCC'] });
    expect(await agreed()).toMatchObject({ pins: ['ssh-ed25519 CCCC'] });
  });

  test('rejects whoever waits when the agent stops, and whoever comes later', async () => {
    const { greeting } = setUp();
    const stop = new AbortController();
    const waiting = greeting.agreed(stop.signal);
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    await expect(greeting.agreed(stop.signal)).rejects.toThrow('stop');
  });

  test('logs a hello that could not be said, and leaves no timer behind', async () => {
    const { greeting, silence, lines, pace } = setUp();
    silence();
    greeting.connected();
    await settle();
    expect(lines.of('hello.unsent')).toHaveLength(1);
    greeting.stop();
    expect(pace.waiting).toBe(0);
  });
});

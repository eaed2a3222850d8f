import { BackOff } from '../../../agent/back-off.ts';
import { RelayDialer } from '../../../agent/relay-dialer.ts';
import { RelayKeeper } from '../../../agent/relay-keeper.ts';
import { type Wanted, WantedTunnels } from '../../../agent/wanted.ts';
import { FakePace, settle } from './fake-pace.ts';
import { FakeRelays, Lines, makeKey, pins, relay, tunnelId } from './fakes.ts';

const service = { name: 'ssh', scheme: 'ssh', host: '127.0.0.1', port: 22, lan: false } as const;

const setUp = () => {
  const pace = new FakePace();
  const lines = new Lines();
  const relays = new FakeRelays();
  const stop = new AbortController();
  const wanted = new WantedTunnels();
  const said: string[] = [];
  const key = makeKey();
  const dialer = new RelayDialer({
    ...{ device: 'pump-7', pace, log: lines.log, signal: stop.signal, dial: relays.dial },
    backOff: new BackOff(pace.random),
    isWanted: () => wanted.size > 0,
    greeting: {
      agreed: () => Promise.resolve({ key, relay, pins, saidAt: pace.clock.monotonic() }),
      refused: () => undefined,
      renew: () => undefined,
    },
  });
  const keeper = new RelayKeeper({
    ...{ wanted, dialer, pace, signal: stop.signal, log: lines.log },
    onChannel: () => undefined,
    onOpened: ({ tunnel }, serverId) => void said.push(`opened ${tunnel} ${serverId}`),
    onFailed: (one, code) => {
      said.push(`failed ${one.tunnel} ${code}`);
      drop(one);
    },
  });
  const drop = (one: Wanted) => {
    wanted.drop(one, 'test');
    return keeper.release(one);
  };
  const open = (n: number): Wanted => {
    const one = wanted.add(tunnelId(n), { service, endsAt: Number.POSITIVE_INFINITY });
    keeper.keep(one);
    return one;
  };
  /** What was said since the last call. */
  const heard = () => said.splice(0);
  return { pace, lines, relays, stop, keeper, open, drop, heard, key };
};

describe('keeping tunnels', () => {
  test('forwards several through one session', async () => {
    const { open, relays, heard } = setUp();
    open(1);
    open(2);
    await settle();
    open(3);
    await settle();
    expect(relays.links).toHaveLength(1);
    expect(relays.last.asked).toEqual([tunnelId(1), tunnelId(2), tunnelId(3)]);
    expect(heard()).toEqual([1, 2, 3].map((n) => `opened ${tunnelId(n)} ${relays.last.serverId}`));
  });

  test('forwards all of them again, once each, when the session is lost', async () => {
    const { open, relays, heard, pace } = setUp();
    const one = open(1);
    open(2);
    await settle();
    heard();
    relays.last.break();
    expect(one.serverId).toBeUndefined();
    await pace.advance(200);
    expect(relays.links).toHaveLength(2);
    expect(relays.last.asked).toEqual([tunnelId(1), tunnelId(2)]);
    expect(heard()).toEqual([1, 2].map((n) => `opened ${tunnelId(n)} ${relays.last.serverId}`));
  });

  test('asks once for a forward whose session is lost before the answer', async () => {
    const { open, relays, heard, pace } = setUp();
    relays.onLink = (link) => {
      link.isSilent = relays.links.length === 1;
    };
    open(1);
    open(2);
    await settle();
    relays.last.break();
    await pace.advance(200);
    expect(relays.last.asked).toEqual([tunnelId(1), tunnelId(2)]);
    expect(heard()).toHaveLength(2);
  });

  test('asks a relay that refuses again, and then says so', async () => {
    const { open, relays, heard, pace } = setUp();
    relays.onLink = (link) => {
      link.refusals = 'always';
    };
    open(1);
    await pace.advance(5_000);
    expect(relays.last.asked).toHaveLength(4);
    expect(heard()).toEqual([`failed ${tunnelId(1)} forward_refused`]);
  });

  test('holds on longer to a tunnel that stood, for somebody has its address', async () => {
    const { open, relays, heard, pace } = setUp();
    open(1);
    await settle();
    heard();
    relays.onLink = (link) => {
      link.refusals = 'always';
    };
    relays.last.break();
    await pace.advance(10_000);
    expect(heard()).toEqual([]);
    await pace.advance(20_000);
    expect(heard()).toEqual([`failed ${tunnelId(1)} forward_refused`]);
  });

  test('takes a new tunnel to another relay when its own one drains, and leaves the old ones', async () => {
    const { open, drop, relays, heard, pace } = setUp();
    const one = open(1);
    await pace.advance(6_000);
    const first = relays.last;
    first.refusals = 'always';
    heard();
    open(2);
    await pace.advance(1_000);
    expect(relays.links).toHaveLength(2);
    expect(heard()).toEqual([`opened ${tunnelId(2)} ${relays.last.serverId}`]);
    expect(first.isOpen).toBe(true);
    open(3);
    await settle();
    expect(relays.last.asked).toEqual([tunnelId(2), tunnelId(3)]);
    await drop(one);
    expect(first.cancelled).toEqual([tunnelId(1)]);
    expect(first.isOpen).toBe(false);
    await pace.advance(60_000);
    expect(relays.links).toHaveLength(2);
  });

  test('does not dial another relay for a refusal by a session that is new', async () => {
    const { open, relays, pace } = setUp();
    relays.onLink = (link) => {
      link.refusals = 3;
    };
    open(1);
    await pace.advance(2_000);
    expect(relays.links).toHaveLength(1);
    expect(relays.last.asked).toHaveLength(4);
  });

  test('takes back a forward that came when nobody wanted it any more', async () => {
    const { open, drop, relays, heard, pace } = setUp();
    relays.onLink = (link) => {
      link.refusals = 1;
    };
    const one = open(1);
    await settle();
    await drop(one);
    await pace.advance(1_000);
    expect(relays.last.asked).toHaveLength(1);
    expect(heard()).toEqual([]);
  });

  test('keeps the session for 20 s after the last tunnel', async () => {
    const { open, drop, relays, pace } = setUp();
    await settle();
    const one = open(1);
    await settle();
    await drop(one);
    await pace.advance(15_000);
    const two = open(2);
    await settle();
    await pace.advance(60_000);
    expect(relays.links).toHaveLength(1);
    expect(relays.last.isOpen).toBe(true);
    await drop(two);
    await pace.advance(19_999);
    expect(relays.last.isOpen).toBe(true);
    await pace.advance(1);
    expect(relays.last.isOpen).toBe(false);
    await pace.advance(600_000);
    expect(relays.links).toHaveLength(1);
    expect(pace.waiting).toBe(0);
  });

  test('dials at once for a new tunnel after it has ended the session itself', async () => {
    const { open, drop, relays, pace } = setUp();
    const one = open(1);
    await settle();
    await drop(one);
    await pace.advance(30_000);
    open(2);
    await settle();
    expect(relays.links).toHaveLength(2);
  });

  test('says after 45 s that no relay could be reached', async () => {
    const { open, relays, heard, pace } = setUp();
    relays.plan.push(...Array.from({ length: 100 }, () => 'unreachable' as const));
    open(1);
    await pace.advance(44_999);
    expect(heard()).toEqual([]);
    await pace.advance(1);
    expect(heard()).toEqual([`failed ${tunnelId(1)} relay_unreachable`]);
    const tried = relays.dials.length;
    await pace.advance(600_000);
    expect(relays.dials.length - tried).toBeLessThan(2);
  });

  test('looks for a relay without end for a tunnel that stood', async () => {
    const { open, relays, heard, pace } = setUp();
    open(1);
    await settle();
    heard();
    relays.plan.push(...Array.from({ length: 12 }, () => 'unreachable' as const));
    relays.last.break();
    await pace.advance(4 * 60_000);
    expect(heard()).toEqual([`opened ${tunnelId(1)} ${relays.last.serverId}`]);
  });

  test('says of each tunnel that the relay is none that the cloud vouches for', async () => {
    const { open, relays, heard } = setUp();
    relays.plan.push('unpinned');
    open(1);
    open(2);
    await settle();
    expect(heard()).toEqual([`failed ${tunnelId(1)} relay_unpinned`, `failed ${tunnelId(2)} relay_unpinned`]);
  });

  test('opens a tunnel that is wanted just when a dial is given up', async () => {
    const { open, drop, relays, heard, pace } = setUp();
    relays.plan.push('unreachable');
    const one = open(1);
    await settle();
    await drop(one);
    open(2);
    await pace.advance(1_000);
    expect(heard()).toEqual([`opened ${tunnelId(2)} ${relays.last.serverId}`]);
  });

  test('knows whether a session was dialled with another key', async () => {
    const { open, keeper, key } = setUp();
    expect(keeper.holdsOtherKeyThan(makeKey())).toBe(false);
    open(1);
    await settle();
    expect(keeper.holdsOtherKeyThan(key)).toBe(false);
    expect(keeper.holdsOtherKeyThan(makeKey())).toBe(true);
  });

  test('stops: sessions end, nothing is dialled, no timer is left', async () => {
    const { open, keeper, relays, stop, pace, heard } = setUp();
    open(1);
    await settle();
    heard();
    stop.abort(new Error('stop'));
    keeper.stop();
    expect(relays.last.isOpen).toBe(false);
    await pace.advance(600_000);
    expect(relays.links).toHaveLength(1);
    expect(heard()).toEqual([]);
    expect(pace.waiting).toBe(0);
  });
});

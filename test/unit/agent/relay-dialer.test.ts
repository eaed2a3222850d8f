import { BackOff } from '../../../agent/back-off.ts';
import type { Agreement } from '../../../agent/greeting.ts';
import { RelayDialer, UnwantedError } from '../../../agent/relay-dialer.ts';
import { DialError } from '../../../agent/relay-link.ts';
import { FakePace, settle } from './fake-pace.ts';
import { FakeRelays, Lines, makeKey, pins, relay } from './fakes.ts';

const hooks = { onChannel: () => undefined, onClosed: () => undefined };

const setUp = () => {
  const pace = new FakePace();
  const lines = new Lines();
  const relays = new FakeRelays();
  const stop = new AbortController();
  const asked: string[] = [];
  const wish = { isWanted: true };
  let agreement: Promise<Agreement> = Promise.resolve({ key: makeKey(), relay, pins, saidAt: 0 });
  const dialer = new RelayDialer({
    ...{ device: 'pump-7', pace, log: lines.log, signal: stop.signal, dial: relays.dial },
    backOff: new BackOff(pace.random),
    isWanted: () => wish.isWanted,
    greeting: {
      agreed: () => agreement,
      refused: (key) => void asked.push(`refused ${key.fingerprint}`),
      renew: () => void asked.push('renew'),
    },
  });
  const agreeOn = (next: Partial<Agreement>) => {
    agreement = agreement.then((last) => ({ ...last, ...next }));
    return agreement;
  };
  const agreeLater = () => {
    let settleIt: () => void = () => undefined;
    const last = agreement;
    agreement = new Promise((resolve) => {
      settleIt = () => resolve(last);
    });
    return () => settleIt();
  };
  return { pace, lines, relays, stop, asked, wish, dialer, agreeOn, agreeLater };
};

describe('dialling relays', () => {
  test('uses what was agreed with the cloud', async () => {
    const { dialer, relays, agreeOn } = setUp();
    const { key } = await agreeOn({});
    const { link } = await dialer.dial(hooks);
    expect(link).toBe(relays.last);
    expect(relays.dials).toEqual([{ relay, pins, key, device: 'pump-7', insists: false }]);
  });

  test('dials another relay at once when one is busy, three times, and then insists', async () => {
    const { dialer, relays, pace } = setUp();
    relays.plan.push('busy', 'busy', 'busy');
    await dialer.dial(hooks);
    expect(relays.dials.map(({ insists }) => insists)).toEqual([false, false, false, true]);
    expect(pace.waiting).toBe(0);
  });

  test('waits as after any failure when even insisting does not help', async () => {
    const { dialer, relays, pace } = setUp();
    relays.plan.push('busy', 'busy', 'busy', 'busy');
    const dialed = dialer.dial(hooks);
    await pace.advance(0);
    expect(relays.dials).toHaveLength(4);
    await pace.advance(1_000);
    await dialed;
    expect(relays.dials.at(-1)).toMatchObject({ insists: false });
  });

  test('tries again quickly five times, then slowly', async () => {
    const { dialer, relays, pace } = setUp();
    relays.plan.push(...Array.from({ length: 8 }, () => 'unreachable' as const));
    const dialed = dialer.dial(hooks);
    await pace.advance(999);
    expect(relays.dials).toHaveLength(5);
    await pace.advance(1);
    expect(relays.dials).toHaveLength(6);
    await pace.advance(500 + 1_000);
    expect(relays.dials).toHaveLength(8);
    await pace.advance(2_000);
    expect((await dialed).link).toBe(relays.last);
  });

  test('waits first when a connection was lost, so that a fleet does not come back in step', async () => {
    const { dialer, relays, pace } = setUp();
    dialer.fell();
    void dialer.dial(hooks);
    await settle();
    expect(relays.dials).toHaveLength(0);
    await pace.advance(200);
    expect(relays.dials).toHaveLength(1);
  });

  test('does not dial in a loop a relay that takes every connection and drops it', async () => {
    const { dialer, relays, pace } = setUp();
    const again = async (): Promise<void> => {
      await dialer.dial(hooks);
      dialer.fell();
      await again();
    };
    void again();
    await pace.advance(10 * 60_000);
    // Five quick ones, seven that double, then one each half minute.
    expect(relays.dials.length).toBeGreaterThan(20);
    expect(relays.dials.length).toBeLessThan(35);
  });

  test('ends its pause for somebody who waits', async () => {
    const { dialer, relays, pace } = setUp();
    relays.plan.push(...Array.from({ length: 12 }, () => 'unreachable' as const));
    void dialer.dial(hooks);
    await pace.advance(40_000);
    const before = relays.dials.length;
    dialer.hurry();
    await settle();
    expect(relays.dials).toHaveLength(before + 1);
  });

  test('tells the cloud again of a key that a relay refused, before it dials with it again', async () => {
    const { dialer, relays, pace, asked, agreeOn, agreeLater } = setUp();
    const { key } = await agreeOn({});
    relays.plan.push('rejected_key');
    const dialed = dialer.dial(hooks);
    await settle();
    expect(asked).toEqual([`refused ${key.fingerprint}`]);
    const acknowledge = agreeLater();
    await pace.advance(60_000);
    expect(relays.dials).toHaveLength(1);
    acknowledge();
    await dialed;
    expect(relays.dials).toHaveLength(2);
  });

  test('refuses a relay that does not fit pins that the cloud has just said', async () => {
    const { dialer, relays, pace, agreeOn, asked } = setUp();
    await agreeOn({ saidAt: pace.clock.monotonic() });
    relays.plan.push('unpinned');
    await expect(dialer.dial(hooks)).rejects.toMatchObject({ failure: 'unpinned' });
    expect(asked).toEqual([]);
    await pace.advance(60_000);
    expect(relays.dials).toHaveLength(1);
  });

  test('asks for new pins where those it has are old, and believes the answer', async () => {
    const { dialer, relays, pace, agreeOn, asked } = setUp();
    await pace.advance(60_000);
    relays.plan.push('unpinned', 'unpinned');
    const dialed = dialer.dial(hooks);
    dialed.catch(() => undefined);
    await settle();
    expect(asked).toEqual(['renew']);
    await agreeOn({ saidAt: pace.clock.monotonic() });
    await pace.advance(200);
    await expect(dialed).rejects.toThrow(DialError);
    expect(relays.dials).toHaveLength(2);
  });

  test('does not dial for nobody', async () => {
    const { dialer, relays, wish, agreeLater } = setUp();
    const acknowledge = agreeLater();
    const dialed = dialer.dial(hooks);
    dialed.catch(() => undefined);
    await settle();
    wish.isWanted = false;
    acknowledge();
    await expect(dialed).rejects.toThrow(UnwantedError);
    expect(relays.dials).toHaveLength(0);
  });

  test('stops with the agent, in a pause and in a dial', async () => {
    const { dialer, relays, stop } = setUp();
    relays.plan.push('unreachable');
    const dialed = dialer.dial(hooks);
    dialed.catch(() => undefined);
    await settle();
    stop.abort(new Error('stop'));
    await expect(dialed).rejects.toThrow('stop');
    expect(relays.dials).toHaveLength(1);
  });

  test('ends a connection that comes when the agent has stopped', async () => {
    const { dialer, relays, stop } = setUp();
    relays.onLink = () => stop.abort(new Error('stop'));
    await expect(dialer.dial(hooks)).rejects.toThrow('stop');
    expect(relays.last.isOpen).toBe(false);
  });
});

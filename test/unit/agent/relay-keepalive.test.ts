import { keepLively } from '../../../agent/relay-keepalive.ts';
import { FakePace } from './fake-pace.ts';

const setUp = () => {
  const pace = new FakePace();
  const set: number[] = [];
  let close: () => void = () => undefined;
  const session = {
    closed: new Promise<void>((resolve) => {
      close = resolve;
    }),
    stats: { channels: 0 },
    setKeepalive: (seconds: number) => void set.push(seconds),
  };
  return { pace, set, session, close: () => close(), lively: keepLively(session, pace.timers) };
};

test('asks a session for life seldom after five minutes without use, and often again when it is used', async () => {
  const { pace, set, lively } = setUp();
  await pace.advance(299_000);
  expect(set).toEqual([]);
  lively.used();
  await pace.advance(299_000);
  expect(set).toEqual([]);
  await pace.advance(1_000);
  expect(set).toEqual([30]);
  lively.used();
  lively.used();
  expect(set).toEqual([30, 10]);
});

test('a connection that is open is use', async () => {
  const { pace, set, session } = setUp();
  session.stats.channels = 1;
  await pace.advance(3_600_000);
  expect(set).toEqual([]);
  session.stats.channels = 0;
  await pace.advance(300_000);
  expect(set).toEqual([30]);
});

test('leaves no timer behind', async () => {
  const { pace, close } = setUp();
  close();
  await pace.advance(0);
  expect(pace.waiting).toBe(0);
});

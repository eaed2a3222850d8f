import { Outbox, type TunnelEvent } from '../../../agent/outbox.ts';
import { FakePace, settle } from './fake-pace.ts';
import { Lines, tunnelId } from './fakes.ts';

const opened = (n: number, serverId = 'raaaaaaaaa'): TunnelEvent => ({
  ...{ v: 1, type: 'opened' },
  ...{ tunnel: tunnelId(n), serverId },
});

const setUp = () => {
  const pace = new FakePace();
  const lines = new Lines();
  const sent: TunnelEvent[] = [];
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const outbox = new Outbox({
    ...{ timers: pace.timers, log: lines.log },
    publish: (event) => {
      sent.push(event);
      return new Promise((resolve, reject) => answers.push({ resolve, reject }));
    },
  });
  const answer = async (n: number, error?: string) => {
    if (error === undefined) answers[n]?.resolve();
    else answers[n]?.reject(new Error(error));
    await settle();
  };
  return { pace, lines, sent, outbox, answer };
};

describe('the outbox', () => {
  test('keeps the newest word on each tunnel while the connection is away', () => {
    const { outbox, sent } = setUp();
    outbox.say(opened(2));
    outbox.say(opened(3));
    outbox.say(opened(2, 'rbbbbbbbbb'));
    expect(sent).toEqual([]);
    outbox.connected();
    expect(sent).toEqual([opened(3), opened(2, 'rbbbbbbbbb')]);
  });

  test('says what was not acknowledged again, a second later', async () => {
    const { outbox, sent, answer, pace, lines } = setUp();
    outbox.connected();
    outbox.say(opened(2));
    await answer(0, 'not acknowledged');
    expect(sent).toHaveLength(1);
    await pace.advance(1_000);
    expect(sent).toEqual([opened(2), opened(2)]);
    await answer(1);
    await pace.advance(60_000);
    expect(sent).toHaveLength(2);
    expect(lines.of('event.unsent')).toEqual([{ type: 'opened', tunnel: tunnelId(2), why: 'not acknowledged' }]);
  });

  test('gives up after three tries with a broker that answers no', async () => {
    const { outbox, sent, answer, pace } = setUp();
    outbox.connected();
    outbox.say(opened(2));
    for (const n of [0, 1, 2, 3]) {
      await answer(n, 'no');
      await pace.advance(1_000);
    }
    expect(sent).toHaveLength(3);
  });

  test('does not count tries that a lost connection took', async () => {
    const { outbox, sent, answer, pace } = setUp();
    outbox.say(opened(2));
    for (const n of [0, 1, 2, 3, 4]) {
      outbox.connected();
      expect(sent).toHaveLength(n + 1);
      outbox.disconnected();
      await answer(n, 'connection lost');
      await pace.advance(1_000);
    }
  });

  test('never says an older word after a newer one', async () => {
    const { outbox, sent, answer, pace } = setUp();
    outbox.connected();
    outbox.say(opened(2));
    await answer(0, 'no');
    outbox.say(opened(2, 'rbbbbbbbbb'));
    await answer(1);
    await pace.advance(10_000);
    expect(sent).toEqual([opened(2), opened(2, 'rbbbbbbbbb')]);
  });

  test('has at most 32 under way and 256 to say', async () => {
    const { outbox, sent, answer, lines } = setUp();
    outbox.connected();
    for (let n = 0; n < 300; n += 1) outbox.say(opened(n));
    expect(sent).toHaveLength(32);
    expect(lines.of('event.dropped')).toHaveLength(300 - 256);
    for (let n = 0; n < 256; n += 1) await answer(n);
    expect(sent).toHaveLength(256);
  });
});

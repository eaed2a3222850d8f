import type { IPublishPacket } from 'mqtt-packet';
import type { Delivery } from '../../../local/iot/message.ts';
import { Outbox } from '../../../local/iot/outbox.ts';

const delivery = (topic: string, qos: 0 | 1 = 1, expiresAt?: number): Delivery => ({
  message: {
    topic,
    payload: Buffer.alloc(0),
    qos,
    retain: false,
    properties: {},
    origin: {},
    ...(expiresAt === undefined ? {} : { expiresAt }),
  },
  qos,
  retain: false,
});

function outboxOf(receiveMaximum: number) {
  const sent: IPublishPacket[] = [];
  const clock = { now: 0 };
  const outbox = new Outbox(
    (packet) => sent.push(packet),
    () => clock.now,
    receiveMaximum,
  );
  return { outbox, clock, topics: () => sent.map(({ topic }) => topic) };
}

test('no more QoS 1 messages are under way than the receiver wants; QoS 0 does not count', () => {
  const { outbox, topics } = outboxOf(2);
  for (const topic of ['a', 'b', 'c', 'd']) outbox.deliver(delivery(topic));
  outbox.deliver(delivery('zero', 0));
  expect(topics()).toEqual(['a', 'b', 'zero']);
  outbox.acknowledged(1);
  expect(topics()).toEqual(['a', 'b', 'zero', 'c']);
  outbox.acknowledged(1);
  expect(topics()).toHaveLength(4);
});

test('a message that expired while it waited is skipped', () => {
  const { outbox, clock, topics } = outboxOf(1);
  outbox.deliver(delivery('a'));
  outbox.deliver(delivery('b', 1, 10));
  outbox.deliver(delivery('c'));
  clock.now = 10;
  outbox.acknowledged(1);
  expect(topics()).toEqual(['a', 'c']);
});

test('packet ids begin anew, past those in use', () => {
  const seen: number[] = [];
  const outbox = new Outbox(
    ({ messageId = 0 }) => seen.push(messageId),
    () => 0,
    2,
  );
  outbox.deliver(delivery('keeps id 1'));
  for (let id = 2; id <= 65_535; id += 1) {
    outbox.deliver(delivery('x'));
    outbox.acknowledged(id);
  }
  outbox.deliver(delivery('x'));
  expect(seen.at(-2)).toBe(65_535);
  expect(seen.at(-1)).toBe(2);
});

test('what is left at the end goes back to the session in order; direct messages hear no', () => {
  const { outbox } = outboxOf(2);
  const answers: boolean[] = [];
  outbox.deliver(delivery('a'));
  outbox.confirm(delivery('direct'), (acknowledged) => answers.push(acknowledged));
  outbox.deliver(delivery('b'));
  const giveUp = outbox.confirm(delivery('given up'), () => answers.push(true));
  giveUp();
  expect(outbox.drain().map(({ message }) => message.topic)).toEqual(['a', 'b']);
  expect(answers).toEqual([false]);
});

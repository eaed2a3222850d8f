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
  return {
    outbox,
    clock,
    topics: () => sent.map(({ topic }) => topic),
    ids: () => sent.map(({ messageId }) => messageId),
  };
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

test('packet ids in use are not given again', () => {
  const { outbox, ids } = outboxOf(2);
  outbox.deliver(delivery('keeps id 1'));
  for (let count = 0; count < 65_535; count += 1) {
    outbox.deliver(delivery('x'));
    outbox.acknowledged(ids().at(-1) ?? 0);
  }
  expect(ids().filter((id) => id === 1)).toHaveLength(1);
  expect(Math.max(...new Set(ids().map(Number)))).toBe(65_535);
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

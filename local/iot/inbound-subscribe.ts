import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet';
import type { Broker } from './broker.ts';
import type { Connection } from './connection.ts';
import { Reason, type ReasonCode } from './reason.ts';
import { basicIngest, hasWildcard, isFilter } from './topic-filter.ts';

/** A client subscribes: one code for each filter in SUBACK, then what is retained at the topics granted. */
export function receiveSubscribe(connection: Connection, packet: ISubscribePacket, broker: Broker): void {
  const { subscriptions } = packet;
  const fault = faultOf(packet);
  if (fault !== undefined) {
    connection.close('CLIENT_ERROR', { code: fault });
    return;
  }
  const tooMany = subscriptions.length > broker.quotas.subscriptionsPerRequest;
  const known = new Set(connection.session.subscriptions.keys());
  const codes = subscriptions.map((one) => (tooMany ? Reason.quotaExceeded : grant(connection, one, broker)));
  const granted = codes.map((code) => (connection.client.version === 5 || code < 0x80 ? code : 0x80));
  connection.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
  for (const [index, one] of subscriptions.entries()) {
    if ((codes[index] ?? 0x80) < 0x80) sendRetained(connection, one, broker, known.has(one.topic));
  }
}

export function receiveUnsubscribe(connection: Connection, packet: IUnsubscribePacket): void {
  const granted = packet.unsubscriptions.map((filter) =>
    connection.session.subscriptions.delete(filter) ? Reason.success : Reason.noSubscription,
  );
  connection.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted });
}

/** What AWS does not support at all, as the CONNACK said; for QoS 2 there is "no SUBACK". */
function faultOf({ properties, subscriptions }: ISubscribePacket): ReasonCode | undefined {
  if (properties?.subscriptionIdentifier !== undefined) return Reason.subscriptionIdsNotSupported;
  return subscriptions.some(({ qos }) => qos === 2) ? Reason.qosNotSupported : undefined;
}

function grant(connection: Connection, one: ISubscription, { quotas }: Broker): ReasonCode | 1 {
  const { subscriptions } = connection.session;
  // Not offered by the stand-in, and CONNACK says so.
  if (one.topic.startsWith('$share/')) return Reason.unspecified;
  // AWS: "Your devices and rules can't subscribe to Basic Ingest reserved topics."
  if (!isFilter(one.topic, quotas) || basicIngest(one.topic) !== undefined) return Reason.topicFilterInvalid;
  if (!connection.client.permissions.subscribe(one.topic)) return Reason.notAuthorized;
  if (!subscriptions.has(one.topic) && subscriptions.size >= quotas.subscriptionsPerConnection) {
    return Reason.quotaExceeded;
  }
  const qos = one.qos === 1 ? 1 : 0;
  subscriptions.set(one.topic, { qos, noLocal: one.nl ?? false, retainAsPublished: one.rap ?? false });
  return qos;
}

/** AWS: only a filter that is the topic itself gets its retained message. MQTT 5 clients may ask for less (3.8.3.1). */
function sendRetained(connection: Connection, one: ISubscription, broker: Broker, known: boolean): void {
  const handling = one.rh ?? 0;
  if (hasWildcard(one.topic) || handling === 2 || (handling === 1 && known)) return;
  const found = broker.retained.get(one.topic);
  if (found === undefined || !connection.client.permissions.receive(one.topic)) return;
  const qos = found.message.qos === 1 && one.qos === 1 ? 1 : 0;
  connection.deliver({ message: found.message, qos, retain: true });
}

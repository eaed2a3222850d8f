import type { IPublishPacket } from 'mqtt-packet';
import type { Broker } from './broker.ts';
import type { Connection } from './connection.ts';
import { expiryOf, forwarded } from './message.ts';
import { type DisconnectReason, Reason, type ReasonCode } from './reason.ts';
import { basicIngest, isPublishable } from './topic-filter.ts';

/** Why a publish is not taken, and what its sender sees of that. */
interface Refusal {
  readonly code: ReasonCode;
  /**
   * `close`: the connection ends. `tell`: an MQTT 5 QoS 1 publish gets a PUBACK with the code, whoever cannot be told so
   * is disconnected. `discard`: the same PUBACK, or nothing; the connection stays.
   */
  readonly how: 'close' | 'tell' | 'discard';
  readonly ending: DisconnectReason;
}

interface Publish {
  readonly packet: IPublishPacket;
  /** Undefined when a topic alias is out of range or stands for nothing yet. */
  readonly topic: string | undefined;
  readonly payload: Buffer;
}

/** A client publishes. */
export function receivePublish(connection: Connection, packet: IPublishPacket, broker: Broker): void {
  const topic = resolveAlias(connection, packet, broker.quotas.topicAliases);
  const publish = { packet, topic, payload: Buffer.from(packet.payload) };
  const refusal = refusalOf(connection, publish, broker);
  if (refusal !== undefined) {
    refuse(connection, packet, refusal);
    return;
  }
  take(connection, publish, broker);
  // AWS: the PUBACK of a Basic Ingest message does not wait for the rule's actions.
  acknowledge(connection, packet, Reason.success);
}

function refusalOf({ client, rate }: Connection, publish: Publish, broker: Broker): Refusal | undefined {
  const { packet, topic, payload } = publish;
  const { quotas, retained, log } = broker;
  // AWS: no PUBACK for QoS 2; the CONNACK said that it is not supported.
  if (packet.qos === 2) return { code: Reason.qosNotSupported, how: 'close', ending: 'CLIENT_ERROR' };
  if (topic === undefined) return { code: Reason.topicAliasInvalid, how: 'close', ending: 'CLIENT_ERROR' };
  // AWS lists a payload beyond the limit under CLIENT_ERROR, which disconnects ("Lifecycle events").
  if (payload.length > quotas.payloadBytes) {
    return { code: Reason.packetTooLarge, how: 'close', ending: 'CLIENT_ERROR' };
  }
  const known = isPublishable(topic, quotas) || broker.serves(topic);
  if (!known || (packet.retain && topic.startsWith('$'))) {
    return { code: Reason.topicNameInvalid, how: 'tell', ending: 'CLIENT_ERROR' };
  }
  if (!rate.take()) {
    log('throttled', { clientId: client.id, direction: 'in', topic });
    return { code: Reason.quotaExceeded, how: 'discard', ending: 'CLIENT_ERROR' };
  }
  if (!client.permissions.publish(topic, packet.retain)) {
    return { code: Reason.notAuthorized, how: 'tell', ending: 'AUTH_ERROR' };
  }
  if (packet.retain && !retained.hasRoomFor({ topic, payload })) {
    return { code: Reason.quotaExceeded, how: 'discard', ending: 'CLIENT_ERROR' };
  }
  return undefined;
}

function take(connection: Connection, { packet, topic = '', payload }: Publish, broker: Broker): void {
  const expiresAt = expiryOf(packet.properties?.messageExpiryInterval, broker.quotas, broker.clock.now());
  const { client } = connection;
  const message = {
    topic,
    payload,
    qos: packet.qos === 1 ? 1 : 0,
    retain: packet.retain,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    properties: forwarded(packet.properties),
    origin: { clientId: client.id, principal: client.principal.id },
  } as const;
  if (broker.serves(topic)) void broker.serve(connection, message);
  else if (basicIngest(topic) === undefined) broker.publish(message);
  else broker.rules.ingest(message);
}

/** MQTT 5 section 3.3.2.3.4. */
function resolveAlias(connection: Connection, packet: IPublishPacket, most: number): string | undefined {
  const alias = packet.properties?.topicAlias;
  if (alias === undefined) return packet.topic;
  if (alias < 1 || alias > most) return undefined;
  if (packet.topic === '') return connection.topicAliases.get(alias);
  connection.topicAliases.set(alias, packet.topic);
  return packet.topic;
}

function refuse(connection: Connection, packet: IPublishPacket, { code, how, ending }: Refusal): void {
  const tellable = connection.client.version === 5 && packet.qos === 1;
  if (how === 'close' || (how === 'tell' && !tellable)) connection.close(ending, { code });
  else if (tellable) acknowledge(connection, packet, code);
}

function acknowledge(connection: Connection, { qos, messageId = 0 }: IPublishPacket, reasonCode: ReasonCode): void {
  if (qos === 1) connection.send({ cmd: 'puback', messageId, reasonCode });
}

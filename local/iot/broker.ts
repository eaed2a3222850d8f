import type { Packet } from 'mqtt-packet';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import { Connection, type Ending } from './connection.ts';
import { ConnectionRecords } from './connection-records.ts';
import { welcome } from './handshake.ts';
import { receivePublish } from './inbound-publish.ts';
import { receiveSubscribe, receiveUnsubscribe } from './inbound-subscribe.ts';
import type { Log } from './log.ts';
import type { Message } from './message.ts';
import type { PacketStream } from './packet-stream.ts';
import { Presence } from './presence.ts';
import type { Quotas } from './quotas.ts';
import { Reason } from './reason.ts';
import type { ReservedTopics } from './reserved-topics.ts';
import { RetainedMessages } from './retained.ts';
import type { Rules } from './rules.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { Wills } from './wills.ts';

export interface BrokerOf {
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly reserved?: ReservedTopics;
}

/** Connects clients, sessions, rules and retained messages. */
export class Broker {
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly retained: RetainedMessages;
  readonly records: ConnectionRecords;
  readonly sessions: Sessions;
  private readonly reserved: ReservedTopics | undefined;
  private readonly presence: Presence;
  private readonly wills: Wills;

  constructor({ quotas, clock, log, rules, reserved }: BrokerOf) {
    this.quotas = quotas;
    this.clock = clock;
    this.log = log;
    this.rules = rules;
    this.reserved = reserved;
    this.retained = new RetainedMessages(quotas, clock);
    this.records = new ConnectionRecords(clock);
    this.sessions = new Sessions(quotas, clock);
    this.presence = new Presence(clock);
    this.wills = new Wills({ quotas, clock, publish: (message) => this.publish(message) });
  }

  /** Hands a message to rules and to every subscriber that may receive it, and retains it if asked. */
  publish(message: Message): void {
    this.rules.handle(message);
    if (message.retain && this.retained.hasRoomFor(message)) this.retained.put(message);
    for (const session of this.sessions.all()) this.route(message, session);
  }

  /** Takes an admitted client in. Whoever is connected under its client id has to go (AWS: DUPLICATE_CLIENTID). */
  join(client: Client, stream: PacketStream): void {
    this.connection(client.id)?.close('DUPLICATE_CLIENTID', { code: Reason.sessionTakenOver });
    const { session, resumed } = this.sessions.open(client.id, client.cleanStart);
    this.wills.returned(client.id, resumed);
    const connection = new Connection({
      stream,
      client,
      session,
      quotas: this.quotas,
      clock: this.clock,
      log: this.log,
      onPacket: (from, packet) => this.receive(from, packet),
      onEnd: (ended, ending) => this.leave(ended, ending),
    });
    session.connection = connection;
    connection.send(welcome(client, resumed, this.quotas));
    this.records.connected(client);
    this.log('connected', { clientId: client.id, version: client.version });
    for (const event of this.presence.connected(client)) this.publish(event);
    connection.start();
  }

  connection(clientId: string): Connection | undefined {
    return this.sessions.find(clientId)?.connection;
  }

  /** Disconnects everybody. Wills stay unpublished: there is nobody left to read them. */
  shutDown(): void {
    for (const session of this.sessions.all()) {
      session.connection?.close('SERVER_INITIATED_DISCONNECT', { code: Reason.shuttingDown, withoutWill: true });
    }
    this.wills.cancelAll();
  }

  /** Whether a service of AWS IoT listens at this topic. */
  serves(topic: string): boolean {
    return this.reserved?.serves(topic) ?? false;
  }

  /** Has the service answer, to the asker alone (AWS: "through the same MQTT connection used to publish the request"). */
  async serve(connection: Connection, { topic, payload, qos, origin }: Message): Promise<void> {
    const answer = await this.reserved?.answer({ topic, payload, clientId: connection.client.id, ...origin });
    if (answer === undefined) return;
    this.route({ ...answer, qos, retain: false, properties: {}, origin: {} }, connection.session);
  }

  private receive(connection: Connection, packet: Packet): void {
    switch (packet.cmd) {
      case 'publish':
        receivePublish(connection, packet, this);
        break;
      case 'subscribe':
        receiveSubscribe(connection, packet, this);
        break;
      case 'unsubscribe':
        receiveUnsubscribe(connection, packet);
        break;
      default:
        // A second CONNECT, or what AWS does not support: AUTH, PUBREC, PUBREL, PUBCOMP.
        connection.close('CLIENT_ERROR', { code: Reason.protocolError });
    }
  }

  private route(message: Message, session: Session): void {
    const subscription = session.matching(message.topic);
    if (subscription === undefined) return;
    if (subscription.noLocal && message.origin.clientId === session.clientId) return;
    const delivery = {
      message,
      qos: message.qos === 1 && subscription.qos === 1 ? 1 : 0,
      retain: subscription.retainAsPublished && message.retain,
    } as const;
    const { connection } = session;
    if (connection !== undefined) {
      if (connection.client.permissions.receive(message.topic)) connection.deliver(delivery);
    } else if (delivery.qos === 1 && !session.store([delivery])) {
      this.log('dropped', { clientId: session.clientId, topic: message.topic });
    }
  }

  private leave(connection: Connection, ending: Ending): void {
    const { client, session } = connection;
    session.connection = undefined;
    if (ending.sessionExpirySeconds === 0) {
      this.sessions.remove(session);
    } else {
      session.endsAt = this.clock.now() + ending.sessionExpirySeconds * 1000;
      session.putBack(ending.unsettled);
    }
    this.records.disconnected(client, ending.reason);
    this.log('disconnected', { clientId: client.id, reason: ending.reason });
    for (const event of this.presence.disconnected(client, ending.reason)) this.publish(event);
    if (client.will !== undefined && !ending.withoutWill) {
      const { sessionExpirySeconds } = ending;
      this.wills.schedule(client.id, client.will, { permissions: client.permissions, sessionExpirySeconds });
    }
  }
}

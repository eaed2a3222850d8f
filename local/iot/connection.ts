import type { IDisconnectPacket, Packet } from 'mqtt-packet';
import type { Client } from './client.ts';
import type { Cancel, Clock } from './clock.ts';
import type { Log } from './log.ts';
import { type Delivery, publishPacket } from './message.ts';
import { Outbox, type Settle } from './outbox.ts';
import type { PacketStream } from './packet-stream.ts';
import { PublishRate } from './publish-rate.ts';
import type { Quotas } from './quotas.ts';
import { type DisconnectReason, Reason, type ReasonCode } from './reason.ts';
import type { Session } from './session.ts';

/** How a connection ended. */
export interface Ending {
  readonly reason: DisconnectReason;
  readonly withoutWill: boolean;
  /** MQTT 5: a client may change its session's expiry as it leaves. */
  readonly sessionExpirySeconds: number;
  /** Messages without an acknowledgement, for the session. */
  readonly unsettled: readonly Delivery[];
}

export interface ConnectionOf {
  readonly stream: PacketStream;
  readonly client: Client;
  readonly session: Session;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Log;
  /** Handles what is neither keep-alive, acknowledgement nor farewell. */
  readonly onPacket: (connection: Connection, packet: Packet) => void;
  readonly onEnd: (connection: Connection, ending: Ending) => void;
}

/** One admitted client's connection, from CONNACK to its end. */
export class Connection {
  readonly client: Client;
  readonly session: Session;
  readonly topicAliases = new Map<number, string>();
  readonly rate: PublishRate;
  private readonly outbox: Outbox;
  private readonly timers = new Set<Cancel>();
  private heardAt: number;
  private open = true;
  private frozen = false;

  constructor(private readonly of: ConnectionOf) {
    this.client = of.client;
    this.session = of.session;
    this.heardAt = of.clock.now();
    this.rate = new PublishRate(of.quotas.publishesPerSecond, of.clock);
    this.outbox = new Outbox((packet) => this.send(packet), of.clock.now, of.client.receiveMaximum);
  }

  /** Reads packets from now on, and sends what the session stored. */
  start(): void {
    this.watchKeepAlive();
    this.watchLifetime();
    this.of.stream.listen({
      packet: (packet) => this.receive(packet),
      fault: (reason) => this.close('CLIENT_ERROR', { code: reason }),
      closed: () => this.close('CONNECTION_LOST'),
    });
    if (this.open) this.replay();
  }

  send(packet: Packet): void {
    if (this.open && !this.frozen) this.of.stream.send(packet);
  }

  /** Delivers a message. False when the connection's publish rate is used up: AWS then discards the message. */
  deliver(delivery: Delivery): boolean {
    if (!this.mayTake(delivery)) return false;
    this.outbox.deliver(delivery);
    return true;
  }

  /** Delivers a direct message at QoS 1 and tells when it was acknowledged. Undefined when the rate is used up. */
  confirm(delivery: Delivery, settle: Settle): Cancel | undefined {
    return this.mayTake(delivery) ? this.outbox.confirm(delivery, settle) : undefined;
  }

  /** Ends the connection; MQTT 5 clients are told why when a code is given. Idempotent. */
  close(reason: DisconnectReason, how: { readonly code?: ReasonCode; readonly withoutWill?: boolean } = {}): void {
    this.finish(reason, this.client.sessionExpirySeconds, how);
  }

  /** Fault injection: nothing gets in or out any more, and TCP stays open. */
  freeze(): void {
    this.frozen = true;
  }

  /** Ends that fault. */
  thaw(): void {
    this.frozen = false;
  }

  /** Fault injection: the network is gone, without a word to either side's MQTT. */
  cut(): void {
    this.of.stream.destroy();
  }

  private finish(
    reason: DisconnectReason,
    sessionExpirySeconds: number,
    { code, withoutWill = false }: { readonly code?: ReasonCode; readonly withoutWill?: boolean },
  ): void {
    if (!this.open) return;
    if (code !== undefined && this.client.version === 5) this.send({ cmd: 'disconnect', reasonCode: code });
    this.open = false;
    for (const cancel of this.timers) cancel();
    this.of.stream.end();
    this.of.onEnd(this, { reason, withoutWill, sessionExpirySeconds, unsettled: this.outbox.drain() });
  }

  private receive(packet: Packet): void {
    if (this.frozen || !this.open) return;
    this.heardAt = this.of.clock.now();
    switch (packet.cmd) {
      case 'pingreq':
        this.send({ cmd: 'pingresp' });
        break;
      case 'puback':
        this.outbox.acknowledged(packet.messageId ?? 0);
        break;
      case 'disconnect':
        this.leave(packet);
        break;
      default:
        this.of.onPacket(this, packet);
    }
  }

  private leave(packet: IDisconnectPacket): void {
    const wanted = packet.properties?.sessionExpiryInterval ?? this.client.sessionExpirySeconds;
    // MQTT 5 section 3.14.2.2.2: what began as a session without expiry cannot become one with it.
    if (this.client.sessionExpirySeconds === 0 && wanted > 0) {
      this.close('CLIENT_ERROR', { code: Reason.protocolError });
    } else {
      const withoutWill = packet.reasonCode !== Reason.disconnectWithWill;
      const expiry = Math.min(wanted, this.of.quotas.sessionExpirySeconds);
      this.finish('CLIENT_INITIATED_DISCONNECT', expiry, { withoutWill });
    }
  }

  private mayTake(delivery: Delivery): boolean {
    const { maximumPacketBytes } = this.client;
    // MQTT 5 section 3.1.2.11.4: a packet too large for its receiver is dropped as if it had been sent.
    const bytes =
      maximumPacketBytes === Number.POSITIVE_INFINITY
        ? 0
        : this.of.stream.encode(publishPacket(delivery, this.of.clock.now(), 1)).length;
    const cause = bytes > maximumPacketBytes ? 'dropped' : this.rate.take() ? undefined : 'throttled';
    if (cause === undefined) return true;
    this.of.log(cause, { clientId: this.client.id, direction: 'out', topic: delivery.message.topic });
    return false;
  }

  /** Stored messages go out at a limited rate, beside new ones (AWS: "MQTT persistent sessions"). */
  private replay(): void {
    const batch = this.session.takeStored(this.of.quotas.storedMessagesPerSecond);
    for (const delivery of batch) {
      if (this.client.permissions.receive(delivery.message.topic)) this.deliver(delivery);
    }
    if (batch.length > 0) this.after(1000, () => this.replay());
  }

  /** The client is gone when nothing came for one and a half keep-alives (MQTT 3.1.2.10). */
  private watchKeepAlive(): void {
    const limit = this.client.keepAliveSeconds * 1500;
    const silentFor = this.of.clock.now() - this.heardAt;
    if (silentFor >= limit) this.close('MQTT_KEEP_ALIVE_TIMEOUT', { code: Reason.keepAliveTimeout });
    else this.after(limit - silentFor, () => this.watchKeepAlive());
  }

  private watchLifetime(): void {
    const { lifetime } = this.client;
    if (lifetime === undefined) return;
    const expire = () => this.close('CUSTOMAUTH_TTL_EXPIRATION', { code: Reason.notAuthorized });
    this.after(lifetime.disconnectAfterSeconds * 1000, expire);
    const refresh = async () => {
      if (!(await lifetime.refresh())) this.close('AUTH_ERROR', { code: Reason.notAuthorized });
      else if (this.open) this.after(lifetime.refreshAfterSeconds * 1000, refresh);
    };
    this.after(lifetime.refreshAfterSeconds * 1000, refresh);
  }

  private after(milliseconds: number, run: () => void): void {
    const cancel = this.of.clock.after(milliseconds, () => {
      this.timers.delete(cancel);
      run();
    });
    this.timers.add(cancel);
  }
}

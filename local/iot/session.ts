import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { type Delivery, isExpired } from './message.ts';
import type { Quotas } from './quotas.ts';
import { topicMatches } from './topic-filter.ts';

export interface Subscription {
  readonly qos: 0 | 1;
  /** MQTT 5: not what the client itself published. */
  readonly noLocal: boolean;
  /** MQTT 5: keep the RETAIN flag of messages that are published while subscribed. */
  readonly retainAsPublished: boolean;
}

/** What outlives a connection: subscriptions, and QoS 1 messages for a client that is away. */
export class Session {
  /** By topic filter. */
  readonly subscriptions = new Map<string, Subscription>();
  /** The live connection. */
  connection: Connection | undefined;
  /** When the session ends, while the client is away. Milliseconds since the epoch. */
  endsAt = Number.POSITIVE_INFINITY;
  private stored: Delivery[] = [];

  constructor(
    readonly clientId: string,
    private readonly quotas: Quotas,
    private readonly clock: Clock,
  ) {}

  /** The subscription by which a topic reaches this client: of several that match, the one with the greatest QoS. */
  matching(topic: string): Subscription | undefined {
    let best: Subscription | undefined;
    for (const [filter, subscription] of this.subscriptions) {
      if (!topicMatches(filter, topic)) continue;
      if (best === undefined || subscription.qos > best.qos) best = subscription;
    }
    return best;
  }

  /** Keeps QoS 1 messages until the client returns. False when there was no room for all; the newest are dropped. */
  store(deliveries: readonly Delivery[]): boolean {
    const now = this.clock.now();
    const all = [...this.stored, ...deliveries].filter(({ message }) => !isExpired(message, now));
    this.stored = all.slice(0, this.quotas.storedMessages);
    return this.stored.length === all.length;
  }

  /** Takes back what was on its way when the connection ended: it is older than what is stored. */
  putBack(deliveries: readonly Delivery[]): void {
    this.stored.unshift(...deliveries);
  }

  /** The oldest stored messages that have not expired, removed. */
  takeStored(most: number): readonly Delivery[] {
    const now = this.clock.now();
    this.stored = this.stored.filter(({ message }) => !isExpired(message, now));
    return this.stored.splice(0, most);
  }
}

import type { Clock } from './clock.ts';
import { isExpired, type Message } from './message.ts';
import type { Quotas } from './quotas.ts';

/** A retained message and when it was stored, in milliseconds since the epoch. */
export interface RetainedMessage {
  readonly message: Message;
  readonly storedAt: number;
}

/** The last retained message of each topic. */
export class RetainedMessages {
  private readonly byTopic = new Map<string, RetainedMessage>();

  constructor(
    private readonly quotas: Quotas,
    private readonly clock: Clock,
  ) {}

  /** Whether one more topic could be retained; AWS throttles retained publishes beyond the quota. */
  hasRoomFor({ topic, payload }: Pick<Message, 'topic' | 'payload'>): boolean {
    return payload.length === 0 || this.byTopic.has(topic) || this.byTopic.size < this.quotas.retainedMessages;
  }

  /** Replaces what the topic retains; an empty payload removes it. */
  put(message: Message): void {
    if (message.payload.length === 0) this.byTopic.delete(message.topic);
    else this.byTopic.set(message.topic, { message, storedAt: this.clock.now() });
  }

  get(topic: string): RetainedMessage | undefined {
    const found = this.byTopic.get(topic);
    if (found !== undefined && isExpired(found.message, this.clock.now())) {
      this.byTopic.delete(topic);
      return undefined;
    }
    return found;
  }
}

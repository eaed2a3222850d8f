import type { Will } from './client.ts';
import type { Cancel, Clock } from './clock.ts';
import { expiryOf, type Message } from './message.ts';
import type { Permissions } from './permissions.ts';
import type { Quotas } from './quotas.ts';

export interface WillsOf {
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly publish: (message: Message) => void;
}

/** Last wills that wait for their delay to pass. */
export class Wills {
  private readonly waiting = new Map<string, { readonly cancel: Cancel; readonly publish: () => void }>();

  constructor(private readonly of: WillsOf) {}

  /**
   * Publishes a will after its delay, or when the session ends, whichever is first (MQTT 5 section 3.1.3.2.2). Its
   * client's policies must let it, and its expiry starts then (AWS: "Message expiry", last will).
   */
  schedule(clientId: string, will: Will, how: { permissions: Permissions; sessionExpirySeconds: number }): void {
    const { message, messageExpirySeconds } = will;
    const publish = () => {
      this.waiting.delete(clientId);
      if (!how.permissions.publish(message.topic, message.retain)) return;
      const expiresAt = expiryOf(messageExpirySeconds, this.of.quotas, this.of.clock.now());
      this.of.publish({ ...message, ...(expiresAt === undefined ? {} : { expiresAt }) });
    };
    const seconds = Math.min(will.delaySeconds, how.sessionExpirySeconds);
    if (seconds === 0) publish();
    else this.waiting.set(clientId, { publish, cancel: this.of.clock.after(seconds * 1000, publish) });
  }

  /** The client is back: in its session, so that the will lapses, or in a new one, which ended the old. */
  returned(clientId: string, resumed: boolean): void {
    const will = this.waiting.get(clientId);
    will?.cancel();
    if (resumed) this.waiting.delete(clientId);
    else will?.publish();
  }

  cancelAll(): void {
    for (const { cancel } of this.waiting.values()) cancel();
    this.waiting.clear();
  }
}

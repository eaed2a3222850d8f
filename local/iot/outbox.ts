import type { IPublishPacket } from 'mqtt-packet';
import { type Delivery, isExpired, publishPacket } from './message.ts';

/** Told once whether the receiver acknowledged. */
export type Settle = (acknowledged: boolean) => void;

interface Entry {
  readonly delivery: Delivery;
  /** Present for direct messages, which belong to no session. */
  readonly settle?: Settle;
}

const LAST_ID = 0xffff;

/** The messages on their way to one client: numbered, bounded by its receive maximum, kept until acknowledged. */
export class Outbox {
  private readonly underway = new Map<number, Entry>();
  private readonly waiting: Entry[] = [];
  private lastId = 0;

  constructor(
    private readonly send: (packet: IPublishPacket) => void,
    private readonly now: () => number,
    private readonly receiveMaximum: number,
  ) {}

  /** Sends a message, or keeps it until an acknowledgement makes room (MQTT 5 section 4.9). */
  deliver(delivery: Delivery): void {
    if (delivery.qos === 0) this.send(publishPacket(delivery, this.now()));
    else this.enqueue({ delivery });
  }

  /** Sends a message outside any session. Returns how to give up: one that still waits is then never sent. */
  confirm(delivery: Delivery, settle: Settle): () => void {
    const entry = { delivery, settle };
    this.enqueue(entry);
    return () => {
      const index = this.waiting.indexOf(entry);
      if (index >= 0) this.waiting.splice(index, 1);
    };
  }

  acknowledged(messageId: number): void {
    const entry = this.underway.get(messageId);
    if (!this.underway.delete(messageId)) return;
    entry?.settle?.(true);
    this.pump();
  }

  /** Empties the outbox when its connection ends: what a persistent session has to store again, in order. */
  drain(): readonly Delivery[] {
    const entries = [...this.underway.values(), ...this.waiting];
    this.underway.clear();
    this.waiting.length = 0;
    for (const entry of entries) entry.settle?.(false);
    return entries.filter((entry) => entry.settle === undefined).map((entry) => entry.delivery);
  }

  private enqueue(entry: Entry): void {
    this.waiting.push(entry);
    this.pump();
  }

  private pump(): void {
    while (this.underway.size < this.receiveMaximum) {
      const entry = this.waiting.shift();
      if (entry === undefined) return;
      if (isExpired(entry.delivery.message, this.now())) continue;
      const messageId = this.freeId();
      this.underway.set(messageId, entry);
      this.send(publishPacket(entry.delivery, this.now(), messageId));
    }
  }

  /** There is always one: at most `receiveMaximum` of 65,535 are taken. */
  private freeId(): number {
    do {
      this.lastId = this.lastId === LAST_ID ? 1 : this.lastId + 1;
    } while (this.underway.has(this.lastId));
    return this.lastId;
  }
}

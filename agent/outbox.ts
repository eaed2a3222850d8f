import type { DeviceEvent } from '../core/wire/device-event.ts';
import { type AgentLog, textOf } from './log.ts';
import type { Pace } from './pace.ts';

export type TunnelEvent = Exclude<DeviceEvent, { type: 'hello' }>;

/** AWS IoT Core takes 100 publishes a second of a connection, and acknowledges in well under half a second. */
const maxInFlight = 32;
/** What a device that is offline has to say: the newest word on so many tunnels. */
const maxEntries = 256;
const maxTries = 3;
/** Also the time in which a lost connection is noticed: until then each try fails at once. */
const againMilliseconds = 1_000;

type Entry = { readonly event: TunnelEvent; isWaiting: boolean; tries: number };

export type OutboxParts = {
  readonly publish: (event: TunnelEvent) => Promise<void>;
  readonly timers: Pace['timers'];
  readonly log: AgentLog;
};

/**
 * What became of tunnels, told to the cloud until it is acknowledged: kept while the connection is away, the newest
 * event of a tunnel in place of older ones. Bounded: a flood of commands costs no more memory than this.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #entries = new Map<string, Entry>();
  #inFlight = 0;
  #connected = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  say(event: TunnelEvent): void {
    this.#entries.delete(event.tunnel);
    if (this.#entries.size >= maxEntries) {
      this.#parts.log('warn', 'event.dropped', { type: event.type, tunnel: event.tunnel });
      return;
    }
    this.#entries.set(event.tunnel, { event, isWaiting: true, tries: 0 });
    this.#send();
  }

  connected(): void {
    this.#connected = true;
    this.#send();
  }

  disconnected(): void {
    this.#connected = false;
  }

  #send(): void {
    for (const entry of this.#entries.values()) {
      if (!this.#connected || this.#inFlight >= maxInFlight) return;
      if (entry.isWaiting) this.#sendOne(entry);
    }
  }

  #sendOne(entry: Entry): void {
    const { tunnel, type } = entry.event;
    entry.isWaiting = false;
    entry.tries += 1;
    this.#inFlight += 1;
    const settle = (again: boolean): void => {
      this.#inFlight -= 1;
      if (this.#entries.get(tunnel) === entry) {
        if (again) entry.isWaiting = true;
        else this.#entries.delete(tunnel);
      }
      this.#send();
    };
    this.#parts.publish(entry.event).then(
      () => settle(false),
      (error: unknown) => {
        this.#parts.log('warn', 'event.unsent', { type, tunnel, why: textOf(error) });
        // What the broker itself refuses is not said without end.
        const again = entry.tries < maxTries || !this.#connected;
        this.#parts.timers.schedule(againMilliseconds, () => settle(again));
      },
    );
  }
}

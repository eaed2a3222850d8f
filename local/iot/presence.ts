import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { Message } from './message.ts';
import type { DisconnectReason } from './reason.ts';

/** AWS starts a client's version numbers anew when it was away for about an hour. */
const FORGET_AFTER_MS = 60 * 60 * 1000;

/**
 * Lifecycle events (AWS developer guide, "Lifecycle events"): who connected and disconnected, and the version number by
 * which their order is known. Connecting and disconnecting of one connection carry the same number.
 */
export class Presence {
  private readonly versions = new Map<string, { number: number; awaySince: number }>();

  constructor(private readonly clock: Clock) {}

  connected(client: Client): readonly Message[] {
    const known = this.versions.get(client.id);
    const forgotten = known === undefined || this.clock.now() - known.awaySince > FORGET_AFTER_MS;
    const number = forgotten ? 0 : known.number + 1;
    this.versions.set(client.id, { number, awaySince: Number.POSITIVE_INFINITY });
    return this.event('connected', client, { ipAddress: client.sourceIp, versionNumber: number });
  }

  disconnected(client: Client, reason: DisconnectReason): readonly Message[] {
    const number = this.versions.get(client.id)?.number ?? 0;
    this.versions.set(client.id, { number, awaySince: this.clock.now() });
    return this.event('disconnected', client, {
      clientInitiatedDisconnect: reason === 'CLIENT_INITIATED_DISCONNECT',
      disconnectReason: reason,
      versionNumber: number,
    });
  }

  private event(type: string, client: Client, more: Readonly<Record<string, unknown>>): readonly Message[] {
    // AWS: "Client IDs that contain # or + do not receive lifecycle events."
    if (/[#+]/.test(client.id)) return [];
    const thing = client.principal.thing(client.id);
    const event = {
      clientId: client.id,
      // AWS: only for a connection with an exclusive thing.
      ...(thing?.principalType === 'EXCLUSIVE_THING' ? { thingName: thing.name } : {}),
      timestamp: this.clock.now(),
      eventType: type,
      sessionIdentifier: client.connectionId,
      principalIdentifier: client.principal.id,
      ...more,
    };
    return [
      {
        topic: `$aws/events/presence/${type}/${client.id}`,
        payload: Buffer.from(JSON.stringify(event)),
        qos: 0,
        retain: false,
        properties: {},
        origin: {},
      },
    ];
  }
}

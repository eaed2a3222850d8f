import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { DisconnectReason } from './reason.ts';

/** AWS: what is known of a connection stays for 30 minutes after its end (`GetConnection`). */
const KEEP_MS = 30 * 60 * 1000;
const PRUNE_ABOVE = 10_000;

/** The answer of `GetConnection`; instants are milliseconds since the epoch. */
export interface ConnectionRecord {
  readonly clientId: string;
  readonly connected: boolean;
  readonly thingName?: string;
  readonly cleanSession: boolean;
  readonly keepAliveDuration: number;
  readonly sessionExpiry: number;
  readonly connectedSince?: number;
  readonly disconnectedSince?: number;
  readonly disconnectReason?: DisconnectReason;
}

/** The last connection of every client, as far as it is remembered. */
export class ConnectionRecords {
  private readonly byClient = new Map<string, ConnectionRecord>();

  constructor(private readonly clock: Clock) {}

  connected(client: Client): void {
    if (this.byClient.size > PRUNE_ABOVE) for (const clientId of [...this.byClient.keys()]) this.find(clientId);
    this.byClient.set(client.id, { ...recordOf(client), connected: true, connectedSince: client.connectedAt });
  }

  disconnected(client: Client, disconnectReason: DisconnectReason): void {
    const disconnectedSince = this.clock.now();
    this.byClient.set(client.id, { ...recordOf(client), connected: false, disconnectedSince, disconnectReason });
  }

  find(clientId: string): ConnectionRecord | undefined {
    const record = this.byClient.get(clientId);
    const since = record?.disconnectedSince;
    if (since === undefined || this.clock.now() - since <= KEEP_MS) return record;
    this.byClient.delete(clientId);
    return undefined;
  }
}

function recordOf(client: Client) {
  const thing = client.principal.thing(client.id);
  return {
    clientId: client.id,
    ...(thing === undefined ? {} : { thingName: thing.name }),
    cleanSession: client.sessionExpirySeconds === 0,
    keepAliveDuration: client.keepAliveSeconds,
    sessionExpiry: client.sessionExpirySeconds,
  };
}

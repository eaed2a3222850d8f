import type { Message } from './message.ts';
import type { Permissions } from './permissions.ts';
import type { Principal } from './principal.ts';

/** A last will: the message without its expiry, which starts when the client is gone. */
export interface Will {
  readonly message: Omit<Message, 'expiresAt'>;
  readonly messageExpirySeconds?: number;
  readonly delaySeconds: number;
}

/** How long a custom authorizer's word is good for. */
export interface Lifetime {
  readonly disconnectAfterSeconds: number;
  readonly refreshAfterSeconds: number;
  /** Asks the authorizer again. False when it no longer vouches for the client. */
  refresh(): Promise<boolean>;
}

/** A client as it was admitted. */
export interface Client {
  readonly id: string;
  /** The client named none and got one. */
  readonly idAssigned: boolean;
  readonly version: 4 | 5;
  readonly principal: Principal;
  readonly permissions: Permissions;
  readonly sourceIp: string;
  readonly cleanStart: boolean;
  /** 0: the session ends with the connection. */
  readonly sessionExpirySeconds: number;
  readonly keepAliveSeconds: number;
  readonly receiveMaximum: number;
  readonly maximumPacketBytes: number;
  readonly will?: Will;
  readonly lifetime?: Lifetime;
  /** Unique for this connection; AWS calls it the session identifier. */
  readonly connectionId: string;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
}

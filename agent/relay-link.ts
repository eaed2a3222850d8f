import type { Duplex } from 'node:stream';

/** One SSH connection to a relay, as an adapter makes it. */
export type RelayLink = {
  /** From the relay's identification line: which relay the load balancer chose. */
  readonly serverId: string;
  /** `tcpip-forward` with the tunnel id as bind address. Rejects with ForwardRefused, or otherwise when the connection ends. */
  forward(tunnel: string): Promise<void>;
  /** Takes the forward back. Never rejects. */
  cancel(tunnel: string): Promise<void>;
  end(): void;
};

/** A user connection that the relay brings for a tunnel. Exactly one of the two is called. */
export type IncomingChannel = {
  readonly tunnel: string;
  /** Confirms it; the stream is destroyed already if the connection has ended meanwhile. */
  accept(): Duplex;
  /** `why`: one ASCII line that the relay sees. */
  refuse(why: string): void;
};

export type LinkHooks = {
  readonly onChannel: (channel: IncomingChannel) => void;
  /** Called once, when the connection has ended, whoever ended it. */
  readonly onClosed: (why: string) => void;
};

/**
 * `busy`: this relay has more than its share, and another may have less. Said before anybody said who they are.
 * `rejected_key`: the cloud must be told the key again.
 * `unpinned`: whoever answers is no relay that the cloud vouched for.
 */
export type DialFailure = 'busy' | 'rejected_key' | 'unpinned' | 'unreachable';

export class DialError extends Error {
  readonly failure: DialFailure;
  constructor(failure: DialFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DialError';
    this.failure = failure;
  }
}

/** The relay said no to a forward, or nothing. It gives no reason (RFC 4254 4). */
export class ForwardRefused extends Error {
  override readonly name = 'ForwardRefused';
}

export type Relay = { readonly host: string; readonly port: number };
/** Where to dial and what the relay's host key must be, as the cloud said last. */
export type Destination = {
  readonly relay: Relay;
  readonly pins: readonly string[];
  /** Larger with every change of the pins. */
  readonly pinsVersion?: number | undefined;
};

/** Rejects with a DialError. */
export type DialRelay = (
  target: Destination & {
    readonly device: string;
    readonly key: SessionKey;
    /** Says that it was turned away often enough: a relay takes it however busy it is. */
    readonly insists?: boolean;
  },
  hooks: LinkHooks,
) => Promise<RelayLink>;

/** The public half of a key that was made in memory and is never written anywhere. What signs with it stays in the adapter. */
export type SessionKey = { readonly fingerprint: string; readonly publicKey: string };

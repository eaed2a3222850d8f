import type { Duplex } from 'node:stream';

/** One SSH connection to a relay, as an adapter makes it. */
export type RelayLink = {
  /** From the relay's identification line: which relay the load balancer chose. */
  readonly serverId: string;
  /** `tcpip-forward` with the tunnel id as bind address. Rejects when the relay refuses. */
  forward(tunnel: string): Promise<void>;
  cancel(tunnel: string): Promise<void>;
  end(): void;
};

export type LinkHooks = {
  /** A user connection. Resolves with the local stream, or rejects: then the channel is refused. */
  readonly onChannel: (tunnel: string) => Promise<{ readonly local: Duplex; readonly join: (channel: Duplex) => void }>;
  readonly onClosed: (why: string) => void;
};

/** `rejected_key`: say hello again; `unpinned`: never go on; the rest is tried again. */
export type DialFailure = 'rejected_key' | 'unpinned' | 'unreachable';

export class DialError extends Error {
  readonly failure: DialFailure;
  constructor(failure: DialFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DialError';
    this.failure = failure;
  }
}

export type Relay = { readonly host: string; readonly port: number };
export type DialRelay = (
  target: {
    readonly relay: Relay;
    readonly pins: readonly string[];
    readonly device: string;
    readonly key: SessionKey;
  },
  hooks: LinkHooks,
) => Promise<RelayLink>;

/** Made in memory, never written anywhere. */
export type SessionKey = { readonly fingerprint: string; readonly publicKey: string; readonly privateKey: unknown };

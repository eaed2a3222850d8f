import type { Duplex } from 'node:stream';

/** One authenticated SSH connection of a device, as the SSH server hands it over. */
export type DeviceSession = {
  readonly device: string;
  readonly fingerprint: string;
  /** How its SSH client names itself. */
  readonly software: string;
  /** When it logged in, on the monotonic clock. */
  readonly since: number;
  /** The device's address as the load balancer told it. */
  readonly source: string;
  /** Opens a `forwarded-tcpip` channel (RFC 4254 7.2) and resolves when the device has confirmed it. */
  openForwarded(options: {
    readonly wireAddress: string;
    readonly wirePort: number;
    readonly originAddress: string;
    readonly originPort: number;
  }): Promise<Duplex>;
  /** Seconds of silence after which the peer is asked for life. */
  setKeepalive(seconds: number): void;
  end(message: string): void;
};

/** A `tcpip-forward` request (RFC 4254 7.1): the bind address carries the tunnel id. */
export type ForwardRequest = { readonly bindAddress: string; readonly bindPort: number };
export type ForwardAnswer = { readonly accept: true; readonly port: number } | { readonly accept: false };

import type { Duplex } from 'node:stream';
import { clientOffer } from './algorithms.ts';
import { ClientSession, type IncomingForwarded } from './client-session.ts';
import type { KeyPair } from './keys.ts';
import { defaultLinkLimits, Link, type LinkLimits, type LinkUser } from './link.ts';
import type { AuthMessages } from './messages.ts';
import { type IncomingChannel, Mux, type MuxUser } from './mux.ts';
import { printable } from './printable.ts';
import { fingerprintOf } from './public-key.ts';
import type { WindowLimits } from './receive-window.ts';
import { disconnectCodes, type EndReason, type SessionEnd } from './session-end.ts';
import { prepareSocket } from './socket.ts';
import type { Timer, Timers } from './timers.ts';
import { identificationOf } from './transport.ts';

export interface ConnectOptions {
  /** A connected socket, of which nothing has been read. TLS will do. It is destroyed with the session. */
  readonly socket: Duplex;
  readonly user: string;
  readonly key: KeyPair;
  /** What the server's host key must be: `SHA256:...` fingerprints or base64 blobs. None of them means no connection. */
  readonly pins: readonly string[];
  /** `SSH-2.0-<software>`: printable ASCII without space and minus sign (RFC 4253 4.2). */
  readonly software: string;
  /** From the socket to being logged in, in milliseconds. */
  readonly timeoutMilliseconds: number;
  readonly onForwarded: (incoming: IncomingForwarded) => void;
  readonly keepaliveSeconds: number;
  readonly timers: Timers;
  readonly window: WindowLimits;
  readonly limits?: Partial<LinkLimits> & { readonly maximumChannels?: number };
}

/** Connecting failed. `code` is why; for `host_key_refused`, `fingerprint` is the key that the server showed. */
export class SshConnectError extends Error {
  override readonly name = 'SshConnectError';
  readonly code: EndReason;
  readonly fingerprint: string | undefined;

  constructor(end: SessionEnd, fingerprint: string | undefined) {
    super(`no SSH connection: ${end.reason}${end.message === '' ? '' : ` (${end.message})`}`);
    this.code = end.reason;
    this.fingerprint = fingerprint;
  }
}

/** Logs in over `socket`, or rejects with SshConnectError, after which the socket is destroyed. */
export const connectSsh = (options: ConnectOptions): Promise<ClientSession> => new ClientConnection(options).ready;

/** Messages that a server may send before login is over: transport, key exchange, service, authentication. */
const admittedBefore = new Set([1, 2, 3, 4, 6, 7, 20, 51, 52, 53]);
const admittedAfter = new Set([1, 2, 3, 4, 7, 20, 80, 81, 82, ...Array.from({ length: 11 }, (_, index) => 90 + index)]);

class ClientConnection implements LinkUser, AuthMessages, MuxUser {
  readonly ready: Promise<ClientSession>;
  readonly #options: ConnectOptions;
  readonly #link: Link;
  readonly #mux: Mux;
  readonly #limit: Timer;
  readonly #closed: Promise<SessionEnd>;
  #session: ClientSession | undefined;
  #serverSoftware = '';
  #fingerprint: string | undefined;
  #hostKeyRefused = false;
  #resolveReady: (session: ClientSession) => void = () => undefined;
  #rejectReady: (error: SshConnectError) => void = () => undefined;
  #resolveClosed: (end: SessionEnd) => void = () => undefined;

  constructor(options: ConnectOptions) {
    const { socket, timers, window } = options;
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const limits = { ...defaultLinkLimits, maximumChannels: 200, ...options.limits };
    this.#mux = new Mux(this, { link: () => this.#link, timers, limits: { ...limits, window } });
    prepareSocket(socket);
    this.#link = new Link(socket, this, {
      ...{ timers, limits },
      transport: {
        role: 'client',
        identification: identificationOf(options.software),
        offer: clientOffer(),
        verifyHostKey: (blob) => this.#verifyHostKey(blob),
        ...{ auth: this, channels: this.#mux },
      },
    });
    this.#limit = timers.schedule(options.timeoutMilliseconds, () => this.#link.abort('timeout'));
    if (socket.destroyed) this.#link.abort('connection_lost', 'the socket was closed already');
    else this.#link.start();
  }

  #verifyHostKey(blob: Buffer): boolean {
    this.#fingerprint = fingerprintOf(blob);
    const { pins } = this.#options;
    this.#hostKeyRefused = !pins.includes(this.#fingerprint) && !pins.includes(blob.toString('base64'));
    if (this.#hostKeyRefused) this.#link.end('host_key_refused', 9, 'host key not verifiable');
    return !this.#hostKeyRefused;
  }

  // LinkUser

  identified(software: string): void {
    this.#serverSoftware = software;
  }

  keysExchanged(first: boolean): void {
    if (!first) return;
    const { user, key } = this.#options;
    // Both at once: waiting for the service to be accepted would cost a round trip.
    this.#link.transport.service('ssh-userauth');
    this.#link.transport.authPK(user, key.publicLine(), (data, give) => give(key.sign(data)));
  }

  admit(payload: Buffer): boolean {
    const type = payload.readUInt8(0);
    if (!(this.#session === undefined ? admittedBefore : admittedAfter).has(type)) {
      this.#link.violation(`message ${type} is not for now`);
      return false;
    }
    // OpenSSH's server announces its host keys; ours are pinned. ssh2 would parse each of them.
    return type !== 80 || payload.toString('latin1', 5, 13) !== 'hostkeys';
  }

  writable(): void {
    this.#mux.writable();
  }

  ping(): void {
    this.#mux.requests.ping();
  }

  linkEnding(reason: EndReason): void {
    this.#limit.cancel();
    this.#mux.end(reason);
  }

  linkClosed(end: SessionEnd): void {
    if (this.#session === undefined) this.#rejectReady(new SshConnectError(end, this.#fingerprint));
    this.#resolveClosed(end);
  }

  // AuthMessages

  disconnected(code: number, text: string): void {
    const reason = code === disconnectCodes.tooManyConnections ? 'busy' : 'peer_disconnected';
    this.#link.abort(reason, printable(text === '' ? `code ${code}` : text));
  }

  serviceRequested(): void {}

  authFailed(): void {
    this.#link.end('key_refused', disconnectCodes.noMoreAuthMethods, 'no other key');
  }

  authSucceeded(): void {
    if (this.#session !== undefined) return;
    this.#limit.cancel();
    this.#session = new ClientSession({
      ...{ link: this.#link, mux: this.#mux, timers: this.#options.timers, closed: this.#closed },
      ...{ serverSoftware: this.#serverSoftware, hostKeyFingerprint: this.#fingerprint ?? '' },
      onForwarded: this.#options.onForwarded,
    });
    this.#link.setKeepalive(this.#options.keepaliveSeconds);
    this.#resolveReady(this.#session);
  }

  // MuxUser

  openRequested(incoming: IncomingChannel): void {
    this.#session?.openRequested(incoming);
  }

  globalRequested(_name: string, _data: unknown, reply: (ok: boolean) => void): void {
    reply(false);
  }
}

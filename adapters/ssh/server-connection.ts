import type { Duplex } from 'node:stream';
import type { KexInit } from 'ssh2/lib/protocol/kex.js';
import type Protocol from 'ssh2/lib/protocol/Protocol.js';
import { type AuthAttempt, Authentication, type AuthenticationHost } from './authentication.ts';
import type { Reply } from './global-requests.ts';
import { announcementOf, proofRequest, proofsOf, takesHostKeys } from './host-key-update.ts';
import type { KeyPair } from './keys.ts';
import { Link, type LinkUser } from './link.ts';
import type { AuthMessages } from './messages.ts';
import { type IncomingChannel, Mux, type MuxLimits, type MuxUser } from './mux.ts';
import { printable } from './printable.ts';
import type { PublicKey } from './public-key.ts';
import type { From, SshServerLimits, SshServerOptions } from './server-options.ts';
import { ServerSession } from './server-session.ts';
import { disconnectCodes, type EndReason, type SessionEnd } from './session-end.ts';
import { prepareSocket } from './socket.ts';
import type { Timer } from './timers.ts';
import type { Transport } from './transport.ts';

export interface ConnectionParts {
  readonly options: SshServerOptions;
  readonly limits: SshServerLimits;
  readonly muxLimits: MuxLimits;
  readonly identification: Buffer;
  readonly hostKeys: Readonly<Record<string, Protocol.HostKey>>;
  readonly offer: KexInit;
  readonly served: readonly KeyPair[];
  readonly from: From;
  readonly leave: () => void;
  readonly onClosed: () => void;
}

/** One for all connections. */
const none: readonly KeyPair[] = [];

/** Sessions are pinged so often until someone sets another interval, in seconds. */
const firstKeepalive = 30;

/** Messages that a client may send before it has logged in: transport, key exchange, service, authentication. */
const admittedBefore = new Set([1, 2, 3, 4, 5, 7, 20, 50]);
/** And after: transport, key exchange, global requests, channels. Another login request is ignored (RFC 4252 5.3). */
const admittedAfter = new Set([
  1,
  2,
  3,
  4,
  20,
  50,
  80,
  81,
  82,
  ...Array.from({ length: 11 }, (_, index) => 90 + index),
]);

/** A connection from its first byte: key exchange, login, then a session. */
export class ServerConnection implements LinkUser, AuthMessages, MuxUser, AuthenticationHost {
  readonly closed: Promise<SessionEnd>;
  session: ServerSession | undefined;
  readonly #parts: ConnectionParts;
  readonly #link: Link;
  readonly #mux: Mux;
  /** Let go of after login. */
  #authentication: Authentication | undefined;
  #serviceAccepted = false;
  /** Host keys that the client was told of and has not asked proof for. */
  #announced: readonly KeyPair[] = none;
  #software = '';
  #grace: Timer | undefined;
  #resolveClosed: (end: SessionEnd) => void = () => undefined;

  constructor(socket: Duplex, parts: ConnectionParts) {
    const { options, limits, muxLimits, identification, hostKeys, offer } = parts;
    const { timers } = options;
    this.#parts = parts;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#mux = new Mux(this, { link: () => this.#link, timers, limits: muxLimits });
    prepareSocket(socket);
    this.#link = new Link(socket, this, {
      ...{ timers, limits },
      transport: {
        role: 'server',
        ...{ identification, hostKeys, offer, auth: this, channels: this.#mux },
      },
    });
    this.#authentication = new Authentication(this);
    this.#grace = timers.schedule(limits.loginGraceMilliseconds, () => this.#link.abort('login_grace'));
  }

  start(): void {
    this.#link.start();
  }

  end(message: string): void {
    this.#link.end('ended', disconnectCodes.byApplication, message);
  }

  // LinkUser

  identified(software: string): void {
    this.#software = software;
    const why = this.#parts.options.turnAway?.(software);
    if (why !== undefined) this.#link.end('turned_away', disconnectCodes.tooManyConnections, why);
  }

  keysExchanged(): void {}

  admit(payload: Buffer): boolean {
    const type = payload.readUInt8(0);
    if (!(this.session === undefined ? admittedBefore : admittedAfter).has(type)) {
      this.#link.violation(`message ${type} is not for now`);
      return false;
    }
    if (type === 50) {
      if (this.#serviceAccepted) this.#authentication?.request(payload);
      else this.#link.violation('authentication before its service');
      return false;
    }
    // ssh2 would parse every key in such a list, at 50 us each. Only servers send it; clients ask for proof, once.
    const isProof =
      this.#announced.length > 0 && payload.toString('latin1', 5, 5 + proofRequest.length) === proofRequest;
    if (type === 80 && !isProof && payload.toString('latin1', 5, 13) === 'hostkeys') {
      this.#link.violation('host keys from a client');
      return false;
    }
    return true;
  }

  writable(): void {
    this.#mux.writable();
  }

  ping(): void {
    this.#mux.requests.ping();
  }

  linkEnding(reason: EndReason): void {
    this.#grace?.cancel();
    this.#parts.leave();
    this.#mux.end(reason);
  }

  linkClosed(end: SessionEnd): void {
    const { session } = this;
    this.#parts.onClosed();
    this.#parts.options.onEvent({
      kind: 'closed',
      from: this.#parts.from,
      user: session === undefined ? undefined : printable(session.user, 128),
      fingerprint: session?.key.fingerprint,
      software: this.#software,
      end,
    });
    this.#resolveClosed(end);
  }

  // AuthMessages

  disconnected(code: number, text: string): void {
    this.#link.abort('peer_disconnected', printable(text === '' ? `code ${code}` : text));
  }

  serviceRequested(name: string): void {
    if (this.#serviceAccepted || name !== 'ssh-userauth') {
      this.endWith('protocol', disconnectCodes.serviceNotAvailable, 'only the service ssh-userauth is here');
      return;
    }
    this.#serviceAccepted = true;
    this.#link.transport.serviceAccept(name);
  }

  authSucceeded(): void {}
  authFailed(): void {}

  // AuthenticationHost

  get transport(): Transport {
    return this.#link.transport;
  }

  get ended(): boolean {
    return this.#link.ended;
  }

  authorize(user: string, key: PublicKey): Promise<boolean> {
    return this.#parts.options.authorize({ user, key, from: this.#parts.from });
  }

  report(attempt: AuthAttempt): void {
    this.#parts.options.onEvent({ kind: 'auth_attempt', from: this.#parts.from, ...attempt });
  }

  accepted(user: string, key: PublicKey): void {
    const { options, limits, from, leave } = this.#parts;
    this.#grace?.cancel();
    this.#grace = undefined;
    this.#authentication = undefined;
    leave();
    this.session = new ServerSession({
      ...{ link: this.#link, mux: this.#mux, closed: this.closed, software: this.#software },
      ...{ user, key, from, limits, timers: options.timers, report: options.onEvent },
    });
    // The handlers are set here, before the client hears that it is in and can ask for anything.
    options.onSession(this.session);
    if (this.ended) return;
    this.#link.transport.authSuccess();
    this.#link.startKeepalive(firstKeepalive);
    if (takesHostKeys(this.#software)) this.#announceHostKeys();
  }

  #announceHostKeys(): void {
    this.#announced = [...this.#parts.served, ...(this.#parts.options.nextHostKeys?.() ?? [])];
    this.#link.transport.sendWhole(announcementOf(this.#announced));
  }

  /** Signing costs up to a millisecond a key: a client is answered once. */
  #prove(asked: unknown): Buffer | undefined {
    const keys = this.#announced;
    this.#announced = none;
    const { sessionId } = this.#link.transport;
    return Buffer.isBuffer(asked) && sessionId !== undefined ? proofsOf(asked, { keys, sessionId }) : undefined;
  }

  endWith(reason: EndReason, code: number, message: string): void {
    this.#link.end(reason, code, message);
  }

  // MuxUser

  openRequested(incoming: IncomingChannel): void {
    this.session?.openRequested(incoming);
  }

  globalRequested(name: string, data: unknown, reply: Reply): void {
    if (name === proofRequest) {
      const proof = this.#prove(data);
      reply(proof !== undefined, proof);
    } else this.session?.globalRequested(name, data, reply);
  }
}

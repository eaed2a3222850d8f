import type { Duplex } from 'node:stream';
import type { Reply } from './global-requests.ts';
import type { Link } from './link.ts';
import type { IncomingChannel, Mux } from './mux.ts';
import { printable } from './printable.ts';
import type { PublicKey } from './public-key.ts';
import { type ForwardHandler, type ForwardRequest, RemoteForwards } from './remote-forwards.ts';
import type { From, SshServerEvent, SshServerLimits } from './server-options.ts';
import { disconnectCodes, openFailureCodes, type SessionEnd } from './session-end.ts';
import type { Timers } from './timers.ts';

/** What a client asks for with `-J`, `-W` or `-L` (RFC 4254 section 7.2). Host names arrive as the user wrote them. */
export interface DirectRequest {
  readonly host: string;
  readonly port: number;
  readonly originAddress: string;
  readonly originPort: number;
  /** Confirms the channel. If the client has gone meanwhile, the stream comes back destroyed. */
  accept(): Duplex;
  /** The user sees `message`, as one printable ASCII line of at most 200 characters. */
  refuse(message: string, code?: number): void;
}

export interface ForwardedOpen {
  /** Exactly what the client asked for, and port as it was told: OpenSSH refuses any other. */
  readonly wireAddress: string;
  readonly wirePort: number;
  readonly originAddress: string;
  readonly originPort: number;
  readonly timeoutMilliseconds: number;
}

export interface SessionStats {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly channels: number;
  readonly forwards: number;
  /** When it was last heard, on `performance.now()`'s clock. */
  readonly heardAt: number;
}

export interface SessionParts {
  readonly link: Link;
  readonly mux: Mux;
  readonly user: string;
  readonly key: PublicKey;
  readonly from: From;
  readonly software: string;
  readonly closed: Promise<SessionEnd>;
  readonly timers: Timers;
  readonly limits: SshServerLimits;
  readonly report: (event: SshServerEvent) => void;
}

/** A client that has logged in. What no handler is set for is refused: a session may do nothing by itself. */
export class ServerSession {
  readonly user: string;
  readonly key: PublicKey;
  readonly from: From;
  /** What the client calls itself: its word, printable. */
  readonly software: string;
  /** Resolves when the connection has ended. Never rejects. */
  readonly closed: Promise<SessionEnd>;
  readonly #parts: SessionParts;
  readonly #forwards: RemoteForwards;
  #onDirect: ((request: DirectRequest) => void | Promise<void>) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.user = parts.user;
    this.key = parts.key;
    this.from = parts.from;
    this.software = parts.software;
    this.closed = parts.closed;
    this.#forwards = new RemoteForwards({
      timers: parts.timers,
      maximum: parts.limits.maximumForwards,
      decisionMilliseconds: parts.limits.decisionMilliseconds,
      refused: (why) => this.#refused('tcpip-forward', why),
      failed: (error) => this.#failed('tcpip-forward', error),
    });
  }

  get ended(): boolean {
    return this.#parts.link.ended;
  }

  get stats(): SessionStats {
    const { link, mux } = this.#parts;
    const { bytesIn, bytesOut, heardAt } = link;
    return { bytesIn, bytesOut, heardAt, channels: mux.channels, forwards: this.#forwards.size };
  }

  onForwardRequest(handler: ForwardHandler): void {
    this.#forwards.onRequest = handler;
  }

  /** The client no longer wants a forward that it had. Not called when the whole session ends. */
  onForwardCancel(handler: (request: ForwardRequest) => void): void {
    this.#forwards.onCancel = handler;
  }

  /** The handler must accept or refuse; throwing, rejecting or taking too long refuses. */
  onDirectTcpip(handler: (request: DirectRequest) => void | Promise<void>): void {
    this.#onDirect = handler;
  }

  /**
   * Opens a `forwarded-tcpip` channel: one user connection. If the forward is being decided, waits until the client has
   * been told. Rejects with ChannelOpenError or ConnectionEndedError.
   */
  async openForwarded(open: ForwardedOpen): Promise<Duplex> {
    const { link, mux } = this.#parts;
    await this.#forwards.told(open.wireAddress);
    const from = {
      boundAddr: open.wireAddress,
      boundPort: open.wirePort,
      remoteAddr: open.originAddress,
      remotePort: open.originPort,
    };
    return mux.open(
      (local, window, packet) => link.transport.forwardedTcpip(local, window, packet, from),
      open.timeoutMilliseconds,
    );
  }

  setKeepalive(seconds: number): void {
    this.#parts.link.setKeepalive(seconds);
  }

  /** Ends the connection and all on it. OpenSSH prints `message`. */
  end(message: string): void {
    this.#parts.link.end('ended', disconnectCodes.byApplication, message);
  }

  /** A channel that the client wants. */
  openRequested(incoming: IncomingChannel): void {
    const { destIP = '', destPort = 0, srcIP = '', srcPort = 0 } = incoming.data;
    const refuse = (message: string, code: number = openFailureCodes.administrativelyProhibited) => {
      if (incoming.settled) return;
      this.#refused(incoming.type, message);
      incoming.refuse(code, message);
    };
    if (incoming.type !== 'direct-tcpip' || this.#onDirect === undefined) {
      const [code, message] = refusals.get(incoming.type) ?? [
        openFailureCodes.unknownChannelType,
        'no such channel type here',
      ];
      refuse(message, code);
      return;
    }
    const timer = this.#parts.timers.schedule(this.#parts.limits.decisionMilliseconds, () =>
      refuse('no answer in time'),
    );
    const request: DirectRequest = {
      ...{ host: destIP, port: destPort, originAddress: srcIP, originPort: srcPort },
      accept: () => {
        timer.cancel();
        return incoming.accept();
      },
      refuse: (message, code) => {
        timer.cancel();
        refuse(message, code);
      },
    };
    const decide = async () => this.#onDirect?.(request);
    decide().catch((error: unknown) => {
      this.#failed('direct-tcpip', error);
      refuse('an internal error');
    });
  }

  globalRequested(name: string, data: unknown, reply: Reply): void {
    if (name === 'tcpip-forward' && isBind(data)) this.#forwards.request(requestOf(data), reply);
    else if (name === 'cancel-tcpip-forward' && isBind(data)) reply(this.#forwards.cancel(requestOf(data)));
    // `no-more-sessions@openssh.com` asks for what is so anyway; `keepalive@openssh.com` wants any answer.
    else if (name === 'no-more-sessions@openssh.com') reply(true);
    else {
      if (name !== 'keepalive@openssh.com') this.#refused(name, 'not offered here');
      reply(false);
    }
  }

  #failed(request: string, error: unknown): void {
    this.#parts.report({ kind: 'handler_failed', ...this.#who(), request, error });
  }

  #refused(request: string, why: string): void {
    this.#parts.report({
      kind: 'request_refused',
      ...this.#who(),
      request: printable(request, 60),
      why: printable(why),
    });
  }

  #who() {
    return { from: this.from, user: printable(this.user, 128), fingerprint: this.key.fingerprint };
  }
}

interface Bind {
  readonly bindAddr: string;
  readonly bindPort: number;
}

const isBind = (data: unknown): data is Bind =>
  typeof data === 'object' && data !== null && 'bindAddr' in data && 'bindPort' in data;

const requestOf = (bind: Bind): ForwardRequest => ({ bindAddress: bind.bindAddr, bindPort: bind.bindPort });

const prohibited = openFailureCodes.administrativelyProhibited;
/** Agent and X11 forwarding, shell, exec, sftp and env all need a session channel, which is never opened. */
const refusals = new Map<string, readonly [number, string]>([
  ['session', [prohibited, 'no shell, command or file transfer here: this server only forwards (use ssh -N)']],
  ['direct-tcpip', [prohibited, 'this server does not connect anywhere']],
  ['direct-streamlocal@openssh.com', [prohibited, 'no UNIX sockets here']],
  ['x11', [prohibited, 'no X11 here']],
  ['auth-agent@openssh.com', [prohibited, 'no agent forwarding here']],
]);

import type { Duplex } from 'node:stream';
import type { Link } from './link.ts';
import type { IncomingChannel, Mux } from './mux.ts';
import { printable } from './printable.ts';
import type { PublicKey } from './public-key.ts';
import type { From, SshServerEvent, SshServerLimits } from './server-options.ts';
import { disconnectCodes, openFailureCodes, type SessionEnd } from './session-end.ts';
import { sshUint32 } from './ssh-bytes.ts';
import type { Timers } from './timers.ts';

/** What a client asks for with `-R` (RFC 4254 section 7.1). The address is any text; port 0 asks us to choose. */
export interface ForwardRequest {
  readonly bindAddress: string;
  readonly bindPort: number;
}

/** `port` is what the client is told where it asked for 0; then it is also the wire port of every channel. */
export type ForwardAnswer =
  | { readonly accept: true; readonly port: number }
  | { readonly accept: false; readonly why?: string };

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
  readonly #forwards = new Set<string>();
  #onForward: ((request: ForwardRequest) => Promise<ForwardAnswer>) | undefined;
  #onCancel: ((request: ForwardRequest) => void) | undefined;
  #onDirect: ((request: DirectRequest) => void | Promise<void>) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.user = parts.user;
    this.key = parts.key;
    this.from = parts.from;
    this.software = parts.software;
    this.closed = parts.closed;
  }

  get ended(): boolean {
    return this.#parts.link.ended;
  }

  get stats(): SessionStats {
    const { link, mux } = this.#parts;
    const { bytesIn, bytesOut, heardAt } = link;
    return { bytesIn, bytesOut, heardAt, channels: mux.channels, forwards: this.#forwards.size };
  }

  onForwardRequest(handler: (request: ForwardRequest) => Promise<ForwardAnswer>): void {
    this.#onForward = handler;
  }

  /** The client no longer wants a forward that it had. Not called when the whole session ends. */
  onForwardCancel(handler: (request: ForwardRequest) => void): void {
    this.#onCancel = handler;
  }

  /** The handler must accept or refuse; throwing, rejecting or taking too long refuses. */
  onDirectTcpip(handler: (request: DirectRequest) => void | Promise<void>): void {
    this.#onDirect = handler;
  }

  /** Opens a `forwarded-tcpip` channel: one user connection. Rejects with ChannelOpenError or ConnectionEndedError. */
  openForwarded(open: ForwardedOpen): Promise<Duplex> {
    const { link, mux } = this.#parts;
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
    this.#guard(
      'direct-tcpip',
      async () => this.#onDirect?.(request),
      () => refuse('an internal error'),
    );
  }

  globalRequested(name: string, data: unknown, reply: (ok: boolean, data?: Buffer) => void): void {
    if (name === 'tcpip-forward' && isBind(data)) this.#forward(data, reply);
    else if (name === 'cancel-tcpip-forward' && isBind(data)) reply(this.#cancel(data));
    // `no-more-sessions@openssh.com` asks for what is so anyway; `keepalive@openssh.com` wants any answer.
    else if (name === 'no-more-sessions@openssh.com') reply(true);
    else {
      if (name !== 'keepalive@openssh.com') this.#refused(name, 'not offered here');
      reply(false);
    }
  }

  #forward(bind: Bind, reply: (ok: boolean, data?: Buffer) => void): void {
    const request = { bindAddress: bind.bindAddr, bindPort: bind.bindPort };
    const no = (why: string) => {
      this.#refused('tcpip-forward', why);
      reply(false);
    };
    const handler = this.#onForward;
    if (handler === undefined) no('forwarding is not offered here');
    else if (this.#forwards.size >= this.#parts.limits.maximumForwards) no('too many forwards on this connection');
    else this.#decideForward(handler, { request, no, reply });
  }

  #decideForward(
    handler: (request: ForwardRequest) => Promise<ForwardAnswer>,
    {
      request,
      no,
      reply,
    }: { request: ForwardRequest; no: (why: string) => void; reply: (ok: boolean, data?: Buffer) => void },
  ): void {
    let decided = false;
    const once = (settle: () => void) => {
      if (decided) return;
      decided = true;
      timer.cancel();
      settle();
    };
    const { timers, limits } = this.#parts;
    const timer = timers.schedule(limits.decisionMilliseconds, () => once(() => no('no answer in time')));
    const decide = async () => {
      const answer = await handler(request);
      once(() => {
        if (!answer.accept) return no(answer.why ?? 'refused');
        const port = request.bindPort === 0 ? answer.port : request.bindPort;
        this.#forwards.add(`${port} ${request.bindAddress}`);
        reply(true, request.bindPort === 0 ? sshUint32(port) : undefined);
      });
    };
    this.#guard('tcpip-forward', decide, () => once(() => no('an internal error')));
  }

  #cancel(bind: Bind): boolean {
    if (!this.#forwards.delete(`${bind.bindPort} ${bind.bindAddr}`)) return false;
    this.#onCancel?.({ bindAddress: bind.bindAddr, bindPort: bind.bindPort });
    return true;
  }

  #guard(request: string, run: () => Promise<void>, failed: () => void): void {
    run().catch((error: unknown) => {
      this.#parts.report({ kind: 'handler_failed', ...this.#who(), request, error });
      failed();
    });
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

const prohibited = openFailureCodes.administrativelyProhibited;
/** Agent and X11 forwarding, shell, exec, sftp and env all need a session channel, which is never opened. */
const refusals = new Map<string, readonly [number, string]>([
  ['session', [prohibited, 'no shell, command or file transfer here: this server only forwards (use ssh -N)']],
  ['direct-tcpip', [prohibited, 'this server does not connect anywhere']],
  ['direct-streamlocal@openssh.com', [prohibited, 'no UNIX sockets here']],
  ['x11', [prohibited, 'no X11 here']],
  ['auth-agent@openssh.com', [prohibited, 'no agent forwarding here']],
]);

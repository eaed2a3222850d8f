import type { Duplex } from 'node:stream';
import type { Link } from './link.ts';
import type { IncomingChannel, Mux } from './mux.ts';
import { disconnectCodes, openFailureCodes, type SessionEnd } from './session-end.ts';
import type { Timers } from './timers.ts';

/** One forward that the server granted (RFC 4254 section 7.1). */
export interface Forward {
  readonly bindAddress: string;
  /** The server's choice where 0 was asked. */
  readonly port: number;
  /** Gives it back. Channels that are open stay open. Resolves when the server has answered, or the session has ended. */
  cancel(): Promise<void>;
}

/** A user connection that the server brings (RFC 4254 section 7.2). */
export interface IncomingForwarded {
  readonly bindAddress: string;
  readonly port: number;
  readonly originAddress: string;
  readonly originPort: number;
  /** Confirms it. If the session has ended meanwhile, the stream comes back destroyed. */
  accept(): Duplex;
  refuse(message: string): void;
}

/** The server did not grant a forward, or not in time. */
export class ForwardRefusedError extends Error {
  override readonly name = 'ForwardRefusedError';
  readonly code: 'refused' | 'timeout';

  constructor(code: 'refused' | 'timeout') {
    super(code === 'refused' ? 'the server refused the forward' : 'the server did not answer the forward request');
    this.code = code;
  }
}

export interface ClientSessionParts {
  readonly link: Link;
  readonly mux: Mux;
  readonly timers: Timers;
  readonly serverSoftware: string;
  readonly hostKeyFingerprint: string;
  readonly closed: Promise<SessionEnd>;
  readonly onForwarded: (incoming: IncomingForwarded) => void;
}

/** A connection to a relay, logged in. */
export class ClientSession {
  /** From `SSH-2.0-Sallyport_<server id>`; undefined if the server is none of ours. */
  readonly serverId: string | undefined;
  readonly serverSoftware: string;
  readonly hostKeyFingerprint: string;
  /** Resolves when the connection has ended. Never rejects. */
  readonly closed: Promise<SessionEnd>;
  readonly #parts: ClientSessionParts;
  readonly #forwards = new Set<string>();

  constructor(parts: ClientSessionParts) {
    this.#parts = parts;
    this.serverSoftware = parts.serverSoftware;
    this.serverId = /^Sallyport_([A-Za-z0-9]{1,64})$/.exec(parts.serverSoftware)?.[1];
    this.hostKeyFingerprint = parts.hostKeyFingerprint;
    this.closed = parts.closed;
  }

  get ended(): boolean {
    return this.#parts.link.ended;
  }

  get stats() {
    const { link, mux } = this.#parts;
    const { bytesIn, bytesOut, heardAt } = link;
    return { bytesIn, bytesOut, heardAt, channels: mux.channels, forwards: this.#forwards.size };
  }

  /** Rejects with ForwardRefusedError, or ConnectionEndedError when the session ends first. */
  async forward(
    bindAddress: string,
    options: { readonly bindPort?: number; readonly timeoutMilliseconds?: number } = {},
  ): Promise<Forward> {
    const { link, mux, timers } = this.#parts;
    const bindPort = options.bindPort ?? 0;
    let late = false;
    const granted = mux.requests.ask(
      () => link.transport.tcpipForward(bindAddress, bindPort, true),
      (ok, data) => {
        if (!ok) throw new ForwardRefusedError('refused');
        const port = portOf(bindPort, data);
        // Granted after we stopped waiting: nobody would answer for it.
        if (late) void this.#cancel(bindAddress, port);
        else this.#forwards.add(`${port} ${bindAddress}`);
        return port;
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      const timer = timers.schedule(options.timeoutMilliseconds ?? 30_000, () => {
        late = true;
        reject(new ForwardRefusedError('timeout'));
      });
      granted.then(resolve, reject).finally(() => timer.cancel());
    });
    const cancel = async () => {
      if (this.#forwards.delete(`${port} ${bindAddress}`)) await this.#cancel(bindAddress, port);
    };
    return { bindAddress, port, cancel };
  }

  setKeepalive(seconds: number): void {
    this.#parts.link.setKeepalive(seconds);
  }

  /** Tells the server and ends. */
  end(message: string): void {
    this.#parts.link.end('ended', disconnectCodes.byApplication, message);
  }

  /** Ends at once, without a word. */
  destroy(): void {
    this.#parts.link.abort('ended');
  }

  openRequested(incoming: IncomingChannel): void {
    const { destIP = '', destPort = 0, srcIP = '', srcPort = 0 } = incoming.data;
    if (incoming.type !== 'forwarded-tcpip' || !this.#forwards.has(`${destPort} ${destIP}`)) {
      incoming.refuse(openFailureCodes.administrativelyProhibited, 'this device did not ask for that');
      return;
    }
    this.#parts.onForwarded({
      ...{ bindAddress: destIP, port: destPort, originAddress: srcIP, originPort: srcPort },
      accept: () => incoming.accept(),
      refuse: (message) => incoming.refuse(openFailureCodes.connectFailed, message),
    });
  }

  async #cancel(bindAddress: string, port: number): Promise<void> {
    const { link, mux } = this.#parts;
    const cancelled = mux.requests.ask(
      () => link.transport.cancelTcpipForward(bindAddress, port, true),
      () => undefined,
    );
    await cancelled.catch(() => undefined);
  }
}

/** RFC 4254 7.1: the answer carries a port only if 0 was asked. */
const portOf = (asked: number, data: Buffer | undefined): number =>
  asked === 0 && data !== undefined && data.length >= 4 ? data.readUInt32BE(0) : asked;

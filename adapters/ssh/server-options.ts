import type { KeyExchangeName } from './algorithms.ts';
import type { AuthAttempt } from './authentication.ts';
import type { KeyPair } from './keys.ts';
import type { LinkLimits } from './link.ts';
import type { MuxLimits } from './mux.ts';
import type { PublicKey } from './public-key.ts';
import type { WindowBudget } from './receive-window.ts';
import type { ServerSession } from './server-session.ts';
import type { SessionEnd } from './session-end.ts';
import type { Timers } from './timers.ts';

/** Counts connections that have not logged in. `PerAddressLimit` of net/per-address-limit.ts is such. */
export interface Admission {
  enter(
    address: string,
  ): { readonly entered: true; readonly leave: () => void } | { readonly entered: false; readonly full: string };
}

export interface From {
  readonly address: string;
  readonly port: number;
}

export interface SshServerOptions {
  /** Goes into the identification, `SSH-2.0-Sallyport_<server id>`: letters and digits. */
  readonly serverId: string;
  /**
   * At most one of each type; the first is preferred. A function is asked at each new connection, and answers the same
   * array while nothing has changed. Connections that stand keep their key, for re-keying too (RFC 4253 section 9).
   */
  readonly hostKeys: readonly KeyPair[] | (() => readonly KeyPair[]);
  /** Keys to be served some day, which clients that can are told of after login (`UpdateHostKeys` of OpenSSH). */
  readonly nextHostKeys?: () => readonly KeyPair[];
  /**
   * Why a client of this software (its identification) had better dial another server, or undefined. Asked before any
   * key is exchanged, which costs nothing yet.
   */
  readonly turnAway?: (software: string) => string | undefined;
  /** Whether this key may log in as this user. The answer may be 5 s old when it is used. A rejection ends the connection as "try again". */
  readonly authorize: (attempt: {
    readonly user: string;
    readonly key: PublicKey;
    readonly from: From;
  }) => Promise<boolean>;
  /** A client has logged in. Its handlers must be set before this returns: what has none is refused. */
  readonly onSession: (session: ServerSession) => void;
  readonly onEvent: (event: SshServerEvent) => void;
  readonly unauthenticated: Admission;
  readonly timers: Timers;
  /** Shared by all servers of the process. */
  readonly windowBudget: WindowBudget;
  /** Best first. The default prefers curve25519; where P-256 is faster, it may come first. */
  readonly keyExchanges?: readonly KeyExchangeName[];
  readonly limits?: Partial<SshServerLimits>;
}

/** Milliseconds, bytes, and counts per connection. */
export interface SshServerLimits extends LinkLimits, Pick<MuxLimits, 'maximumChannels'> {
  /** A client that has not logged in by then is destroyed. */
  readonly loginGraceMilliseconds: number;
  readonly maximumForwards: number;
  /** A request of the client that no handler answers within this is refused. */
  readonly decisionMilliseconds: number;
  /** Each channel's first window, and the largest it may grow to while the budget has room. */
  readonly initialWindow: number;
  readonly maximumWindow: number;
}

interface Who {
  readonly from: From;
  readonly user?: string | undefined;
  readonly fingerprint?: string | undefined;
}

/** What happened, for log, metric and audit. Text is printable already. */
export type SshServerEvent =
  | { readonly kind: 'connection_refused'; readonly from: From; readonly why: string }
  | ({ readonly kind: 'auth_attempt'; readonly from: From } & AuthAttempt)
  | (Who & { readonly kind: 'request_refused'; readonly request: string; readonly why: string })
  | (Who & { readonly kind: 'handler_failed'; readonly request: string; readonly error: unknown })
  | (Who & { readonly kind: 'closed'; readonly software: string; readonly end: SessionEnd });

import { LRUCache } from 'lru-cache';
import type { KeyPair } from '../adapters/ssh/keys.ts';
import { noteSshEvent, type RefusedLogin } from '../adapters/ssh/note-event.ts';
import { WindowBudget } from '../adapters/ssh/receive-window.ts';
import { createSshServer } from '../adapters/ssh/server.ts';
import type { SshServerEvent } from '../adapters/ssh/server-options.ts';
import type { ServerSession } from '../adapters/ssh/server-session.ts';
import type { EventHub } from '../core/events.ts';
import type { Timers } from '../core/ports/timers.ts';
import { PerAddressLimit } from '../net/per-address-limit.ts';
import type { RouterParts } from './router.ts';

const windowBytes = 256 * 1024 * 1024;
const handshakes = { total: 500, perAddress: 100 } as const;
/** A dead operator's connection is noticed within 90 s. */
const keepaliveSeconds = 30;

/** The SSH server of the adapter, as a router uses it: nothing but `direct-tcpip`. */
export const jumpServer =
  (parts: {
    readonly router: string;
    /** Asked at each new connection. */
    readonly hostKeys: () => readonly KeyPair[];
    readonly nextHostKeys?: () => readonly KeyPair[];
    readonly timers: Timers;
    readonly hub: EventHub;
  }): RouterParts['createJumpServer'] =>
  async ({ login, jump }) => {
    const sessions = new Map<string, Set<ServerSession>>();
    /** Whose key it was when it was last shown: a login reads it a moment later, whoever else logs out meanwhile. */
    const owners = new LRUCache<string, string>({ max: 20_000 });

    const serve = (session: ServerSession): void => {
      const { fingerprint } = session.key;
      const owner = owners.get(fingerprint);
      if (owner === undefined) {
        session.end('unknown key');
        return;
      }
      sessions.set(fingerprint, (sessions.get(fingerprint) ?? new Set()).add(session));
      session.setKeepalive(keepaliveSeconds);
      const who = {
        operator: owner,
        fingerprint,
        source: session.from,
        end: (message: string) => session.end(message),
      };
      session.onDirectTcpip(async (request) => {
        const answer = await jump.open(who, { host: request.host, port: request.port });
        if (answer.ok) answer.join(request.accept());
        else request.refuse(answer.message);
      });
      void session.closed.then(() => {
        const left = sessions.get(fingerprint);
        left?.delete(session);
        if (left?.size === 0) sessions.delete(fingerprint);
      });
    };

    const ssh = createSshServer({
      serverId: parts.router,
      hostKeys: parts.hostKeys,
      ...(parts.nextHostKeys === undefined ? {} : { nextHostKeys: parts.nextHostKeys }),
      authorize: async ({ key }) => {
        const known = await login.keyFor(key.fingerprint);
        if (known !== undefined) owners.set(key.fingerprint, known.operator);
        return known !== undefined;
      },
      onSession: serve,
      onEvent: (event) => note(event, parts.hub, login.refused),
      unauthenticated: new PerAddressLimit(handshakes),
      timers: parts.timers,
      windowBudget: new WindowBudget(windowBytes),
    });

    return {
      accept: (socket, source) => ssh.accept(socket, source),
      endSessionsOf(fingerprint, message) {
        for (const session of sessions.get(fingerprint) ?? []) session.end(message);
      },
      close: () => ssh.close('this router stops; connect again'),
    };
  };

const note = (event: SshServerEvent, hub: EventHub, refused: (login: RefusedLogin) => void): void => {
  noteSshEvent(event, hub, refused);
  // A refused `direct-tcpip` was recorded with its reason where it was decided.
  if (event.kind !== 'request_refused' || event.request === 'direct-tcpip') return;
  hub.refused({
    action: 'ssh_request',
    code: 'forbidden',
    way: 'jump',
    source: event.from.address,
    facts: { request: event.request, why: event.why },
  });
};

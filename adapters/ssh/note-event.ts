import type { EventHub } from '../../core/events.ts';
import type { SshServerEvent } from './server-options.ts';

export type RefusedLogin = {
  readonly user: string;
  readonly fingerprint: string;
  readonly source: string;
  readonly why: string;
};

/** What every SSH server of ours counts, logs and records alike. */
export const noteSshEvent = (event: SshServerEvent, hub: EventHub, refused: (login: RefusedLogin) => void): void => {
  switch (event.kind) {
    case 'auth_attempt':
      hub.metrics.count('auth_attempts', 1, { outcome: event.outcome });
      // A client offers one key after the other, and asks `none` for the methods: only what was signed, or came with a
      // password, is an attempt worth a record.
      if (event.outcome === 'accepted' || event.outcome === 'acceptable' || event.method === 'none') return;
      refused({
        user: event.user,
        fingerprint: event.fingerprint ?? '',
        source: event.from.address,
        why: event.why ?? event.outcome,
      });
      break;
    case 'handler_failed':
      hub.log('error', 'ssh.handler_failed', {
        request: event.request,
        error: event.error instanceof Error ? event.error.message : 'unknown',
      });
      break;
    case 'connection_refused':
      hub.metrics.count('connections_refused', 1, { why: event.why });
      break;
    case 'closed':
      hub.metrics.count('connections_closed', 1, { reason: event.end.reason });
  }
};

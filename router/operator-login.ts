import { SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import { isSignedIn, type Operator, type OperatorKey } from '../core/model/operator.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { OperatorKeys } from '../core/ports/operator-keys.ts';

/** Whose key opened an SSH connection. */
export type KeyHolder = Pick<OperatorKey, 'operator' | 'fingerprint'>;

/**
 * Who an SSH key belongs to. A registered key opens the door of the router; what it may reach is asked for each
 * channel, with the groups of the last sign-in, so that a refusal can say why.
 */
export const createOperatorLogin = (parts: {
  readonly keys: OperatorKeys;
  readonly clock: Clock;
  readonly hub: EventHub;
  readonly signInMilliseconds: number;
}) => ({
  keyFor: (fingerprint: string): Promise<OperatorKey | undefined> => parts.keys.get(fingerprint),

  /**
   * Throws `unauthenticated` when the key was taken away since it logged in, and `sign_in_expired` when its operator has
   * not signed in for too long.
   */
  async operatorOf({ operator: id, fingerprint }: KeyHolder): Promise<Operator> {
    const [key, signIn] = await Promise.all([parts.keys.get(fingerprint), parts.keys.signIn(id)]);
    if (key?.operator !== id) throw new SallyportError('unauthenticated', { detail: 'this key was removed' });
    if (!isSignedIn(signIn, parts.clock.now(), parts.signInMilliseconds)) throw new SallyportError('sign_in_expired');
    return { id, groups: signIn.groups };
  },

  refused(login: {
    readonly user: string;
    readonly fingerprint: string;
    readonly source: string;
    readonly why: string;
  }): void {
    parts.hub.refused({
      action: 'sign_in',
      code: 'unauthenticated',
      way: 'jump',
      source: login.source,
      facts: { user: login.user, key: login.fingerprint, why: login.why },
    });
  },
});
export type OperatorLogin = ReturnType<typeof createOperatorLogin>;

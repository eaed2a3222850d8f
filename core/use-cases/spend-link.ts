import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { isSignedIn, type Operator } from '../model/operator.ts';
import type { Clock } from '../ports/clock.ts';
import type { LinkTokens } from '../ports/link-tokens.ts';
import type { Once } from '../ports/once.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';

export type SignInPorts = {
  readonly keys: Pick<OperatorKeys, 'signIn'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly signInMilliseconds: number;
};

/** The operator with the groups of the last sign-in. Throws `sign_in_expired` when that was too long ago. */
export const operatorSignedIn = async (ports: SignInPorts, id: string): Promise<Operator> => {
  const signIn = await ports.keys.signIn(id);
  if (!isSignedIn(signIn, ports.clock.now(), ports.signInMilliseconds)) throw new SallyportError('sign_in_expired');
  return { id, groups: signIn.groups };
};

export type SpendPorts = SignInPorts & {
  readonly links: LinkTokens;
  readonly once: Pick<Once, 'claim'>;
  readonly hub: EventHub;
};

/** A note outlives its link, for this clock may be behind another router's. */
const marginMilliseconds = 10 * 60_000;

/**
 * Takes a link, exactly once among all routers, and answers the visit that it becomes. Throws `unauthenticated` for one
 * that is not good here or was taken, `unavailable` when that cannot be told. Both ways it is recorded.
 */
export const spendLink = async (
  ports: SpendPorts,
  asked: { readonly token: string; readonly tunnel: string; readonly source: string },
): Promise<{ readonly token: string; readonly endsAt: number }> => {
  const { links, once, hub, clock } = ports;
  let entry: Parameters<EventHub['allowed']>[0] = {
    ...{ action: 'link.use', tunnel: asked.tunnel, way: 'http', source: asked.source },
  };
  try {
    const { id, endsAt, visitEndsAt, operator, tunnel } = await links.readLink(asked.token);
    entry = { ...entry, operator, tunnel, facts: { link: id } };
    if (tunnel !== asked.tunnel)
      throw new SallyportError('unauthenticated', { detail: 'the link is for another tunnel' });
    await operatorSignedIn(ports, operator);
    const note = { key: `link:${id}`, value: 'used', endsAt: endsAt + marginMilliseconds };
    if (!(await once.claim(note, clock.now())).ok)
      throw new SallyportError('unauthenticated', { detail: 'the link was used before: ask for another' });
    const token = await links.visit({ operator, tunnel, endsAt: visitEndsAt });
    await hub.allowed(entry);
    return { token, endsAt: visitEndsAt };
  } catch (error) {
    const refusal = error instanceof SallyportError ? error : new SallyportError('unavailable', { cause: error });
    hub.refused({ ...entry, code: refusal.code });
    throw refusal;
  }
};

import type { EventHub } from '../events.ts';
import type { SignIn } from '../model/operator.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';

/** A role signs every request anew: noting it once in so long keeps a script from writing at each. */
const everyMilliseconds = 5 * 60_000;
const remembered = 1_000;

/**
 * Notes sign-ins, for keys work only so long after one. This process remembers what it noted last, so that one token
 * costs one write. A failed note refuses nobody: the next request notes again.
 */
export const createSignInNotes = (ports: {
  readonly operatorKeys: Pick<OperatorKeys, 'noteSignIn'>;
  readonly hub: EventHub;
}) => {
  const noted = new Map<string, { readonly at: number; readonly groups: string }>();
  return async (signIn: SignIn, kind: 'token' | 'role'): Promise<void> => {
    const before = noted.get(signIn.id);
    const groups = signIn.groups.join('\n');
    const fresh = kind === 'role' ? everyMilliseconds : 1;
    if (before !== undefined && before.groups === groups && signIn.at < before.at + fresh) return;
    try {
      await ports.operatorKeys.noteSignIn({ id: signIn.id, groups: signIn.groups, at: signIn.at });
    } catch (error) {
      ports.hub.log('warn', 'sign-in.unnoted', { error: error instanceof Error ? error.name : 'unknown' });
      return;
    }
    if (noted.size >= remembered) noted.clear();
    noted.set(signIn.id, { at: signIn.at, groups });
  };
};
export type SignInNotes = ReturnType<typeof createSignInNotes>;

import type { OperatorKey, SignIn } from '../model/operator.ts';
import type { Outcome } from './outcome.ts';

export type OperatorKeys = {
  /** Consistent: a removed key is gone at once. */
  get(fingerprint: string): Promise<OperatorKey | undefined>;
  /** Lost when the key already belongs to another operator. Adding one's own again is fine. */
  add(key: OperatorKey): Promise<Outcome<OperatorKey>>;
  list(operator: string): Promise<readonly OperatorKey[]>;
  /** True when there was such a key of this operator. */
  remove(operator: string, fingerprint: string): Promise<boolean>;
  signIn(operator: string): Promise<SignIn | undefined>;
  /** Keeps the newer of two sign-ins. */
  noteSignIn(signIn: SignIn): Promise<void>;
};

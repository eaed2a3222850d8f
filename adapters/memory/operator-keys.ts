import type { OperatorKey, SignIn } from '../../core/model/operator.ts';
import type { OperatorKeys } from '../../core/ports/operator-keys.ts';

export const createMemoryOperatorKeys = (): OperatorKeys => {
  const keys = new Map<string, OperatorKey>();
  const signIns = new Map<string, SignIn>();

  return {
    async get(fingerprint) {
      return keys.get(fingerprint);
    },
    async add(key) {
      const row = keys.get(key.fingerprint);
      if (row !== undefined && row.operator !== key.operator) return { ok: false, lost: 'lost', row };
      keys.set(key.fingerprint, key);
      return { ok: true, row: key };
    },
    async list(operator) {
      return [...keys.values()]
        .filter((key) => key.operator === operator)
        .sort((one, other) => (one.fingerprint < other.fingerprint ? -1 : 1));
    },
    async remove(operator, fingerprint) {
      return keys.get(fingerprint)?.operator === operator && keys.delete(fingerprint);
    },
    async signIn(operator) {
      return signIns.get(operator);
    },
    async noteSignIn(signIn) {
      const row = signIns.get(signIn.id);
      if (row === undefined || row.at < signIn.at) signIns.set(signIn.id, signIn);
    },
  };
};

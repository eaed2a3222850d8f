import type { OperatorKey } from '../model/operator.ts';

/** A registered key as the API shows it. */
export const keyView = (key: OperatorKey) => ({
  fingerprint: key.fingerprint,
  publicKey: key.publicKey,
  name: key.name,
  addedAt: new Date(key.addedAt).toISOString(),
});

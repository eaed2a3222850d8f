import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { toBase32 } from '../model/base32.ts';
import type { OperatorKey } from '../model/operator.ts';
import { maxOperatorKeys } from '../model/quota.ts';
import { harmless } from '../model/text.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Once } from '../ports/once.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';
import type { Random } from '../ports/random.ts';
import type { SshKeys } from '../ports/ssh-keys.ts';
import { recordChange } from './record-change.ts';
import { recordNarrowing } from './record-narrowing.ts';

/** What `ssh-keygen -Y sign -n` must say, so that a signature made for something else proves nothing here. */
export const signatureNamespace = 'sallyport';
const challengeMilliseconds = 5 * 60_000;

export type KeyPorts = {
  readonly operatorKeys: Pick<OperatorKeys, 'add' | 'list' | 'remove'>;
  readonly once: Pick<Once, 'claim' | 'spend'>;
  readonly changes: Pick<Changes, 'append'>;
  readonly sshKeys: SshKeys;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly random: Random;
};

type Asking = { readonly operator: string; readonly way: string; readonly source?: string | undefined };

const noteOf = (challenge: string, operator: string) => ({ key: `challenge:${challenge}`, value: operator });

/** A text to sign, once, within 5 minutes, by this operator only. */
export const makeChallenge = async (
  ports: Pick<KeyPorts, 'once' | 'clock' | 'random'>,
  operator: string,
): Promise<{ readonly challenge: string; readonly namespace: string; readonly endsAt: string }> => {
  const now = ports.clock.now();
  const challenge = toBase32(ports.random.bytes(20));
  const endsAt = now + challengeMilliseconds;
  await ports.once.claim({ ...noteOf(challenge, operator), endsAt }, now);
  return { challenge, namespace: signatureNamespace, endsAt: new Date(endsAt).toISOString() };
};

/**
 * Registers a key for `ssh -J` after a proof that its owner holds it. Throws `invalid_request` for a key, a signature or
 * a challenge that does not do, and `conflict` for a key that belongs to another operator.
 */
export const registerKey = async (
  ports: KeyPorts,
  asking: Asking,
  given: {
    readonly publicKey: string;
    readonly name: string;
    readonly challenge: string;
    readonly signature: string;
  },
): Promise<OperatorKey> => {
  const { operator } = asking;
  const key = ports.sshKeys.parse(given.publicKey);
  if (!key.ok) throw invalid('/publicKey', key.why);
  // `echo` ends its line, `printf` does not: both sign the challenge.
  const signer = [given.challenge, `${given.challenge}\n`]
    .map((message) => ports.sshKeys.signerOf(given.signature, message, signatureNamespace))
    .reduce((one, other) => (one.ok ? one : other));
  if (!signer.ok) throw invalid('/signature', signer.why);
  if (signer.key.line !== key.key.line) throw invalid('/signature', 'the signature is by another key');
  const { fingerprint, line: publicKey } = key.key;
  const keys = await ports.operatorKeys.list(operator);
  if (keys.length >= maxOperatorKeys && !keys.some((own) => own.fingerprint === fingerprint))
    throw new SallyportError('quota_exceeded', { detail: `an operator has at most ${maxOperatorKeys} keys` });
  const { key: note, value } = noteOf(given.challenge, operator);
  if (!(await ports.once.spend(note, value, ports.clock.now())))
    throw invalid('/challenge', 'not a challenge of yours, spent, or older than 5 minutes');

  const entry = { action: 'key.add', ...asking, facts: { fingerprint } };
  await recordChange(ports.hub, entry);
  const name = harmless(given.name, 64);
  const outcome = await ports.operatorKeys.add({ fingerprint, publicKey, operator, name, addedAt: ports.clock.now() });
  if (outcome.ok) return outcome.row;
  ports.hub.refused({ ...entry, code: 'conflict' });
  throw new SallyportError('conflict', { pointer: '/publicKey', detail: 'the key belongs to another operator' });
};

/** Takes a key away; connections made with it are cut within 5 s. */
export const removeKey = async (
  ports: Pick<KeyPorts, 'operatorKeys' | 'changes' | 'hub' | 'clock'>,
  asking: Asking,
  fingerprint: string,
): Promise<void> => {
  const { operator } = asking;
  const keys = await ports.operatorKeys.list(operator);
  if (!keys.some((key) => key.fingerprint === fingerprint)) throw new SallyportError('not_found');
  await recordNarrowing(ports.hub, { action: 'key.remove', ...asking, facts: { fingerprint } });
  await ports.operatorKeys.remove(operator, fingerprint);
  await ports.changes.append({ kind: 'operator_key_removed', operator, fingerprint }, ports.clock.now());
};

const invalid = (pointer: string, why: string) =>
  new SallyportError('invalid_request', { pointer, detail: harmless(why) });

import type { OperatorKey } from '../../core/model/operator.ts';
import type { OperatorKeys } from '../../core/ports/operator-keys.ts';
import { anyId, anyOperator, noon } from '../support/rows.ts';
import { race } from './each-adapter.ts';

export const operatorKeysContract = (open: () => OperatorKeys): void => {
  const aKey = (parts: Partial<OperatorKey> = {}): OperatorKey => ({
    fingerprint: `SHA256:${anyId()}`,
    publicKey: 'ssh-ed25519 AAAA',
    operator: anyOperator(),
    name: 'laptop',
    addedAt: noon,
    ...parts,
  });

  test('is read back, and its own operator may add it again', async () => {
    const keys = open();
    const key = aKey();
    expect(await keys.add(key)).toEqual({ ok: true, row: key });
    expect(await keys.get(key.fingerprint)).toEqual(key);
    const renamed = { ...key, name: 'desk' };
    expect(await keys.add(renamed)).toEqual({ ok: true, row: renamed });
    expect(await keys.list(key.operator)).toEqual([renamed]);
    expect(await keys.get(`SHA256:${anyId()}`)).toBeUndefined();
  });
  test('of another operator it is lost, and stays theirs', async () => {
    const keys = open();
    const key = aKey();
    await keys.add(key);
    const other = anyOperator();
    expect(await keys.add({ ...key, operator: other })).toEqual({ ok: false, lost: 'lost', row: key });
    expect(await keys.remove(other, key.fingerprint)).toBe(false);
    expect(await keys.list(other)).toEqual([]);
    expect(await keys.get(key.fingerprint)).toEqual(key);
  });
  test('of 50 operators who claim one key one wins', async () => {
    const keys = open();
    const { fingerprint } = aKey();
    expect(await race(50, () => keys.add(aKey({ fingerprint })))).toHaveLength(1);
  });
  test('removed is gone at once, and only once', async () => {
    const keys = open();
    const key = aKey();
    await keys.add(key);
    expect(await keys.remove(key.operator, key.fingerprint)).toBe(true);
    expect(await keys.remove(key.operator, key.fingerprint)).toBe(false);
    expect(await keys.get(key.fingerprint)).toBeUndefined();
    expect(await keys.list(key.operator)).toEqual([]);
  });
  test('the list is in order of fingerprint', async () => {
    const keys = open();
    const operator = anyOperator();
    const made = [aKey({ operator }), aKey({ operator }), aKey({ operator })];
    for (const key of made) await keys.add(key);
    expect(await keys.list(operator)).toEqual([...made].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)));
  });
  test('the newer sign-in stays, whichever came first', async () => {
    const keys = open();
    const id = anyOperator();
    expect(await keys.signIn(id)).toBeUndefined();
    await keys.noteSignIn({ id, groups: ['a'], at: noon });
    await keys.noteSignIn({ id, groups: ['b', 'c'], at: noon + 1 });
    await keys.noteSignIn({ id, groups: ['d'], at: noon + 1 });
    await keys.noteSignIn({ id, groups: ['e'], at: noon });
    expect(await keys.signIn(id)).toEqual({ id, groups: ['b', 'c'], at: noon + 1 });
  });
  test('a sign-in is no key and a key no sign-in', async () => {
    const keys = open();
    const key = aKey();
    await keys.add(key);
    await keys.noteSignIn({ id: key.operator, groups: [], at: noon });
    expect(await keys.get(key.operator)).toBeUndefined();
    expect(await keys.signIn(key.fingerprint)).toBeUndefined();
    expect(await keys.list(key.operator)).toEqual([key]);
  });
};

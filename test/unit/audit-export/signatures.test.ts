import { CompactSign, importPKCS8 } from 'jose';
import { createAnchorKeys, verifyAnchors } from '../../../adapters/jwt/anchor-signatures.ts';
import { keyIdOf } from '../../../adapters/jwt/ed25519-line.ts';
import { makeSigningKeyPairs } from '../../../adapters/ssh/host-key-pairs.ts';
import { startChain } from '../../../core/model/audit-chain.ts';
import { type AuditRowChange, copyParts, copyText, readCopy } from '../../../core/model/audit-copy.ts';
import type { HostKeyPair, HostKeySet } from '../../../core/ports/host-key-store.ts';
import { createSignatureCheck } from '../../../core/use-cases/check-signatures.ts';

const pairs = await Promise.all([1, 2, 3].map(async () => (await makeSigningKeyPairs())[0] as HostKeyPair));
const [first, second, stranger] = pairs as [HostKeyPair, HostKeyPair, HostKeyPair];
const now = Date.UTC(2026, 10, 21);
const chain = startChain('router-1');
const changes: readonly AuditRowChange[] = [
  { kind: 'added', record: chain.issue({ kind: 'started', action: 'router' }, now) },
  { kind: 'added', record: chain.issue({ kind: 'refused', action: 'connect', code: 'forbidden' }, now + 1) },
  { kind: 'removed', before: chain.issue({ kind: 'refused', action: 'connect', code: 'not_found' }, now + 2) },
];

const textBy = async (keys: Pick<HostKeySet, 'keys' | 'next'>): Promise<string> => {
  const signer = await createAnchorKeys(async () => keys)();
  const parts = copyParts(changes, { now, next: signer.next });
  return copyText(parts, await signer.sign(parts.head));
};
/** What a checker with these keys says of copies, one after the other. */
const faultsOf = async (texts: readonly string[], ...keys: readonly string[]) => {
  const check = createSignatureCheck(verifyAnchors, keys.length === 0 ? [first.public] : keys);
  const faults = [];
  for (const text of texts) faults.push(await check.faultOf(readCopy(text)));
  return { faults, trusted: check.trusted() };
};
const announced = { keys: [first], next: { keys: [second], announcedAt: now } };

test('what a trusted key signed is good, and it stays the one to trust', async () => {
  const text = await textBy({ keys: [first] });
  expect(await faultsOf([text, text])).toEqual({ faults: [undefined, undefined], trusted: [first.public] });
  expect(readCopy(text)).toMatchObject({ changes, head: { anchors: [{ chain: 'router-1', seq: 2 }] } });
});

test('a key that signed what was trusted names its successor', async () => {
  const texts = [await textBy({ keys: [first] }), await textBy(announced), await textBy({ keys: [second] })];
  expect(await faultsOf(texts.slice(0, 2))).toEqual({
    faults: [undefined, undefined],
    trusted: [first.public, second.public],
  });
  expect(await faultsOf(texts)).toEqual({ faults: [undefined, undefined, undefined], trusted: [second.public] });
  // From where an earlier run ended.
  expect(await faultsOf(texts.slice(2), first.public, second.public)).toMatchObject({ faults: [undefined] });
});

test('one that signed before it knew of the successor, while others did, forgets nothing', async () => {
  const texts = [await textBy(announced), await textBy({ keys: [first] })];
  expect((await faultsOf(texts)).trusted).toEqual([first.public, second.public]);
});

test('a successor that was not announced is neither named nor believed', async () => {
  const made = await textBy({ keys: [first], next: { keys: [second] } });
  expect(made).not.toContain(second.public);
  expect(await faultsOf([made, await textBy({ keys: [second] })])).toEqual({
    faults: [undefined, 'unknown'],
    trusted: [first.public],
  });
});

test("a stranger's signature is no signature, and what it names is not believed", async () => {
  const texts = [
    await textBy({ keys: [stranger], next: { keys: [second], announcedAt: now } }),
    await textBy({ keys: [second] }),
  ];
  expect(await faultsOf(texts)).toEqual({ faults: ['unknown', 'unknown'], trusted: [first.public] });
});

test('nor is a successor believed that was written into what was signed', async () => {
  const text = await textBy({ keys: [first] });
  const forged = text.replace(',"signature"', `,"next":["${stranger.public}"],"signature"`);
  expect(readCopy(forged).head.next).toEqual([stranger.public]);
  expect(await faultsOf([forged, await textBy({ keys: [stranger] })])).toMatchObject({ faults: ['wrong', 'unknown'] });
});

describe('whoever forges', () => {
  const forgeries: Readonly<Record<string, readonly [string, (text: string) => string | Promise<string>]>> = {
    'takes the signature away': ['none', (text) => text.replace(/,"signature":"[^"]*"/, '')],
    'empties it': ['wrong', (text) => text.replace(/"signature":"[^"]*"/, '"signature":""')],
    'alters an anchor': ['wrong', (text) => text.replace('"seq":2', '"seq":1')],
    'alters the time': ['wrong', (text) => text.replace(`"copied":${now}`, `"copied":${now + 1}`)],
    'alters a record': ['altered', (text) => text.replace('"code":"forbidden"', '"code":"not_found"')],
    'takes a line away': ['altered', (text) => `${text.split('\n').slice(0, -2).join('\n')}\n`],
    'adds one': ['altered', (text) => `${text}${text.split('\n')[1]}\n`],
    'signs with a key of their own, under the name of ours': [
      'wrong',
      (text) => signed(text, stranger, { kid: keyIdOf(first.public), typ: 'sallyport-anchors+jws' }),
    ],
    'has something else that our key signed': [
      'wrong',
      (text) => signed(text, first, { kid: keyIdOf(first.public), typ: 'sallyport-link+jwt' }),
    ],
    'names no key': ['unknown', (text) => signed(text, first, { typ: 'sallyport-anchors+jws' })],
    'signs nothing at all': [
      'wrong',
      (text) => {
        const header = Buffer.from(JSON.stringify({ alg: 'none', kid: keyIdOf(first.public) })).toString('base64url');
        return text.replace(/"signature":"[^"]*"/, `"signature":"${header}.."`);
      },
    ],
  };
  const signed = async (text: string, pair: HostKeyPair, header: { readonly kid?: string; readonly typ: string }) => {
    const head = text.split('\n')[0]?.replace(/,"signature":"[^"]*"/, '') ?? '';
    const jws = await new CompactSign(Buffer.from(head))
      .setProtectedHeader({ alg: 'EdDSA', ...header })
      .sign(await importPKCS8(pair.private, 'EdDSA'));
    return text.replace(/"signature":"[^"]*"/, `"signature":"${jws.replace(/\..*\./, '..')}"`);
  };

  test('one that is made as ours are passes, so that the others fail for what they are', async () => {
    const header = { kid: keyIdOf(first.public), typ: 'sallyport-anchors+jws' };
    expect(await faultsOf([await signed(await textBy(announced), first, header)])).toMatchObject({
      faults: [undefined],
    });
  });

  test.each(Object.entries(forgeries))('%s', async (_who, [fault, forge]) => {
    const text = await textBy(announced);
    const forged = await forge(text);
    expect(forged).not.toBe(text);
    expect(await faultsOf([forged])).toEqual({ faults: [fault], trusted: [first.public] });
  });
});

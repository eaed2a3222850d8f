import { announcementOf, proofRequest, proofsOf, takesHostKeys } from '../../../adapters/ssh/host-key-update.ts';
import { generateEcdsaP256, generateEd25519, generateRsa, type KeyPair } from '../../../adapters/ssh/keys.ts';
import { verifySignature } from '../../../adapters/ssh/signature.ts';
import { SshReader, sshString, sshUint32 } from '../../../adapters/ssh/ssh-bytes.ts';

const sessionId = Buffer.alloc(32, 7);
let keys: readonly KeyPair[];
beforeAll(async () => {
  keys = [generateEd25519(), generateEcdsaP256(), await generateRsa(2048)];
});
const asking = (some: readonly KeyPair[]) => Buffer.concat(some.map((key) => sshString(key.publicKey.blob)));

test('each proof is a signature by that key over this session and this key', () => {
  // ECDSA numbers come in several lengths.
  for (let round = 0; round < 50; round += 1) {
    const proofs = new SshReader(proofsOf(asking(keys), { keys, sessionId }) ?? Buffer.of());
    for (const { publicKey } of keys) {
      const signed = Buffer.concat([sshString(proofRequest), sshString(sessionId), sshString(publicKey.blob)]);
      const proof = proofs.string();
      expect(verifySignature(publicKey, signed, proof)).toBe(true);
      expect(verifySignature(publicKey, Buffer.concat([signed, Buffer.of(0)]), proof)).toBe(false);
    }
    proofs.end();
  }
});

test.each<[string, () => Buffer]>([
  ['nothing', () => Buffer.of()],
  ['a key that was not announced', () => asking([generateEd25519()])],
  ['a known key and a stranger', () => asking([...keys, generateEd25519()])],
  ['more than were announced', () => asking([...keys, ...keys])],
  ['half a key', () => asking(keys).subarray(0, -3)],
  ['a length beyond the end', () => sshUint32(0xffff_ffff)],
])('%s is refused whole', (_name, asked) => {
  expect(proofsOf(asked(), { keys, sessionId })).toBeUndefined();
});

test('the announcement names every key and wants no answer, and only OpenSSH is told', () => {
  const reader = new SshReader(announcementOf(keys), 1);
  expect(reader.text()).toBe('hostkeys-00@openssh.com');
  expect(reader.byte()).toBe(0);
  for (const { publicKey } of keys) expect(reader.string()).toEqual(publicKey.blob);
  reader.end();
  expect(['OpenSSH_9.2p1', 'dropbear_2022.83', 'SallyportAgent_0.1.0', ''].map(takesHostKeys)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

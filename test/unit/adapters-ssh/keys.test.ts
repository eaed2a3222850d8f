import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { generateEcdsaP256, generateEd25519, generateRsa, readPrivateKey } from '../../../adapters/ssh/keys.ts';
import { parsePublicKeyBlob, parsePublicKeyLine } from '../../../adapters/ssh/public-key.ts';
import { sshMpint, sshString } from '../../../adapters/ssh/ssh-bytes.ts';
import { keyDirectory } from './harness.ts';

const directory = keyDirectory();
afterAll(() => directory.remove());

const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8' });
/** Makes a key with ssh-keygen: its public line, its fingerprint as printed, and its private file's text. */
const made = (name: string, ...args: string[]) => {
  const file = directory.path(name);
  keygen('-q', '-N', '', '-C', 'a comment', '-f', file, ...args);
  const line = readFileSync(`${file}.pub`, 'utf8');
  return { file, line, fingerprint: keygen('-lf', `${file}.pub`).split(' ')[1], text: readFileSync(file, 'utf8') };
};

describe('public keys', () => {
  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa 256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa 384', ['-t', 'ecdsa', '-b', '384']],
    ['ecdsa 521', ['-t', 'ecdsa', '-b', '521']],
    ['rsa 2048', ['-t', 'rsa', '-b', '2048']],
  ])('%s: fingerprint and line are those of ssh-keygen, and the private file reads back', (name, args) => {
    const given = made(name.replace(' ', '-'), ...args);
    const parsed = parsePublicKeyLine(given.line);
    if (!parsed.ok) throw new Error(parsed.why);
    expect(parsed.key.fingerprint).toBe(given.fingerprint);
    const pair = readPrivateKey(given.text);
    expect(pair.publicKey.base64).toBe(parsed.key.base64);
    expect(pair.publicLine('a comment')).toBe(given.line.trim());
    expect(readPrivateKey(pair.pem()).publicKey.base64).toBe(parsed.key.base64);
  });

  const rsa = (bits: number) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const der = publicKey.export({ type: 'pkcs1', format: 'der' });
    const n = der.subarray(der.length - 5 - bits / 8, der.length - 5);
    return Buffer.concat([sshString('ssh-rsa'), sshMpint(Buffer.from([1, 0, 1])), sshMpint(n)]);
  };
  const point = generateEcdsaP256().publicKey.blob.subarray(-65);
  const line = (type: string, blob: Buffer) => `${type} ${blob.toString('base64')}`;
  const ed = generateEd25519().publicKey;

  test.each([
    ['nothing', '', /not an OpenSSH public key/],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----', /private key: keep it/],
    ['two lines', `${line('ssh-ed25519', ed.blob)}\n${line('ssh-ed25519', ed.blob)}`, /more than one line/],
    ['options before the key', `command="x" ${line('ssh-ed25519', ed.blob)}`, /not an OpenSSH public key/],
    ['bent base64', `ssh-ed25519 ${ed.base64.slice(0, -1)}`, /not an OpenSSH public key/],
    ['another type than it says', line('ssh-rsa', ed.blob), /the key is ssh-ed25519/],
    ['DSA', line('ssh-dss', sshString('ssh-dss')), /DSA keys are broken/],
    ['a certificate', line('x', sshString('ssh-ed25519-cert-v01@openssh.com')), /certificates are not supported/],
    ['an unknown type', line('x', sshString('no\u001bsuch')), /no<U\+001B>such are not supported/],
    ['a name of every object', line('x', sshString('constructor')), /are not supported/],
    ['RSA of 1024 bits', line('ssh-rsa', rsa(1024)), /an RSA key of 1024 bits/],
    ['bytes after the end', line('ssh-ed25519', Buffer.concat([ed.blob, Buffer.of(0)])), /bytes after the end/],
    ['a cut-off key', line('ssh-ed25519', ed.blob.subarray(0, 40)), /cut off/],
    ['31 bytes', line('ssh-ed25519', Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(31))])), /not 32/],
    [
      'a point off its curve',
      line(
        'ecdsa-sha2-nistp256',
        Buffer.concat([
          ...['ecdsa-sha2-nistp256', 'nistp256'].map(sshString),
          sshString(Buffer.from(point).fill(7, 33)),
        ]),
      ),
      /not a point of its curve/,
    ],
    [
      'another curve inside',
      line(
        'ecdsa-sha2-nistp256',
        Buffer.concat([...['ecdsa-sha2-nistp256', 'nistp384'].map(sshString), sshString(point)]),
      ),
      /another curve/,
    ],
  ])('%s is refused with words', (_name, text, why) => {
    const parsed = parsePublicKeyLine(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.why).toMatch(why);
  });

  test('one key has one form: a number with needless zeros is refused', () => {
    const padded = Buffer.concat([sshString('ssh-rsa'), sshString(Buffer.from([0, 1, 0, 1])), rsa(2048).subarray(18)]);
    expect(parsePublicKeyBlob(padded)).toMatchObject({ ok: false, why: expect.stringMatching(/canonical/) });
  });

  test('no bytes make the parser throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => void parsePublicKeyBlob(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(ed.blob.length - 1), fc.nat(255), (at, value) => {
        const bent = Buffer.from(ed.blob);
        bent.writeUInt8(value, at);
        parsePublicKeyBlob(bent);
      }),
    );
  });
});

describe('key pairs', () => {
  test('ed25519 pairs always read back, as PEM and as OpenSSH file', () => {
    for (let turn = 0; turn < 1000; turn += 1) {
      const pair = generateEd25519();
      expect(readPrivateKey(pair.openSshPrivate('x')).publicKey.base64).toBe(pair.publicKey.base64);
      expect(readPrivateKey(pair.pem()).publicKey.base64).toBe(pair.publicKey.base64);
    }
  });

  test('ssh-keygen reads the OpenSSH file', () => {
    const pair = generateEd25519();
    const file = directory.write('written', pair);
    expect(keygen('-yf', file).trim()).toBe(pair.publicLine('test'));
    expect(keygen('-lf', file).split(' ')[1]).toBe(pair.publicKey.fingerprint);
  });

  test('other types are made and read too', async () => {
    const rsa = await generateRsa(2048);
    const file = directory.path('rsa.pub');
    writeFileSync(file, `${rsa.publicLine()}\n`);
    expect(keygen('-lf', file)).toContain(rsa.publicKey.fingerprint);
    expect(readPrivateKey(generateEcdsaP256().pem()).publicKey.type).toBe('ecdsa-sha2-nistp256');
    expect(() => rsa.openSshPrivate()).toThrow('only ed25519');
  });

  test('what is no private key is refused without showing it', () => {
    expect(() => readPrivateKey('-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----')).toThrow(
      expect.objectContaining({ message: 'not a readable private key without a passphrase' }),
    );
    keygen('-q', '-t', 'ed25519', '-N', 'passphrase', '-f', directory.path('locked'));
    expect(() => readPrivateKey(readFileSync(directory.path('locked'), 'utf8'))).toThrow('without a passphrase');
    expect(() =>
      readPrivateKey(String(generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    ).toThrow('not a key for SSH');
  });
});

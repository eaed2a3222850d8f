import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import { createSshKeys } from '../../../adapters/ssh/ssh-keys.ts';
import { ConfigError } from '../../../agent/config.ts';
import { readAgent } from '../../../agent/files.ts';
import { createAuthority } from '../../../local/ca/authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-files-'));
const file = join(folder, 'agent.json');
const put = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
};
const hostKey = generateEd25519();

beforeAll(async () => {
  const authority = await createAuthority();
  const [own, other] = [await authority.issueDevice('pump-7'), await authority.issueDevice('pump-8')];
  put('ca.pem', authority.certificate);
  put('own.pem', own.certificate);
  put('own.key', own.privateKey);
  put('other.key', other.privateKey);
  put('open.key', own.privateKey, 0o644);
  put('host.pub', `${hostKey.publicLine('root@pump-7')}\n`);
  put('host', hostKey.openSshPrivate());
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  put('public.key', String(publicKey.export({ type: 'spki', format: 'pem' })));
  put(
    'locked.key',
    String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })),
  );
  put('big', 'x'.repeat(1024 * 1024 + 1));
  mkdirSync(join(folder, 'folder'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const readConfig = () => readAgent(file, createSshKeys().parse);
const put7 = (mqtt: object, more: object): void =>
  put(
    'agent.json',
    JSON.stringify({
      device: 'pump-7',
      mqtt: { host: 'h', certificate: 'own.pem', key: 'own.key', ...mqtt },
      services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
      ...more,
    }),
  );
const read = (mqtt: object, more: object = {}) => {
  put7(mqtt, more);
  return readConfig();
};
const problemsOf = (act: () => unknown): readonly string[] => {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe("the config's files", () => {
  test('are read relative to it', () => {
    const { config, files, warnings } = read({ authority: 'ca.pem' }, { hostKeys: ['host.pub'] });
    expect(config.device).toBe('pump-7');
    expect(files.hostKeys).toEqual([hostKey.publicLine()]);
    expect(files.certificate).toContain('BEGIN CERTIFICATE');
    expect(files.authority).toContain('BEGIN CERTIFICATE');
    expect(warnings).toEqual([]);
  });

  test('are all looked at before anything is said, beside the problems of the config itself', () => {
    const problems = problemsOf(() =>
      read(
        { certificate: 'none.pem', key: 'folder', authority: 'own.key', user: 'me' },
        { hostKeys: ['host', 'big'], keyHours: 0 },
      ),
    );
    expect(problems).toEqual([
      expect.stringMatching(/^mqtt: has no field user; /),
      'keyHours: must be at least 0.01',
      `mqtt.certificate: ${join(folder, 'none.pem')} does not exist; paths are relative to the config`,
      `mqtt.key: ${join(folder, 'folder')} is a folder`,
      'mqtt.authority: not a PEM certificate: it holds a private key; are the two swapped?',
      'hostKeys.0: a private key; name its .pub file',
      `hostKeys.1: ${join(folder, 'big')} is larger than 1 MB`,
    ]);
  });

  const noKey = 'mqtt.key: not a PEM private key without a passphrase';
  test.each([
    ['another key', { key: 'other.key' }, 'mqtt.key: not the key of mqtt.certificate'],
    ['a certificate for a key', { key: 'own.pem' }, `${noKey}: it holds a certificate; are the two swapped?`],
    ['a public key', { key: 'public.key' }, `${noKey}: it holds a public key`],
    [
      'a key with a passphrase',
      { key: 'locked.key' },
      `${noKey}: it has one, and nobody could type it at boot; openssl pkey takes it off`,
    ],
    [
      'a key as OpenSSH keeps it',
      { key: 'host' },
      `${noKey}: it is in the format of OpenSSH; ssh-keygen -p -N "" -m PKCS8 changes it`,
    ],
    ['something else for a key', { key: 'host.pub' }, noKey],
    ['something else for a certificate', { certificate: 'host.pub' }, 'mqtt.certificate: not a PEM certificate'],
  ])('%s is refused without a word of it', (_what, mqtt, problem) => {
    expect(problemsOf(() => read(mqtt))).toEqual([problem]);
  });

  test('a key that others can read is a warning', () => {
    expect(read({ key: 'open.key' }).warnings).toEqual([
      `mqtt.key: other users can read it; chmod 600 ${join(folder, 'open.key')}`,
    ]);
  });

  test('a config that others can change is a warning: they could add services', () => {
    put7({}, {});
    chmodSync(file, 0o602);
    expect(readConfig().warnings).toEqual([
      `this file: other users can change it, and so what is reachable; chmod o-w ${file}`,
    ]);
  });

  test('a config that is not there says so', () => {
    expect(problemsOf(() => readAgent(join(folder, 'no.json'), createSshKeys().parse))).toEqual([
      `this file: ${join(folder, 'no.json')} does not exist`,
    ]);
  });
});

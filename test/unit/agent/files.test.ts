import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import { createSshKeys } from '../../../adapters/ssh/ssh-keys.ts';
import { ConfigError } from '../../../agent/config.ts';
import { readAgentConfig, readAgentFiles } from '../../../agent/files.ts';
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
  put('big', 'x'.repeat(1024 * 1024 + 1));
  mkdirSync(join(folder, 'folder'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (mqtt: object, hostKeys: readonly string[] = []) => {
  const value = {
    device: 'pump-7',
    mqtt: { host: 'h', certificate: 'own.pem', key: 'own.key', ...mqtt },
    services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
    hostKeys,
  };
  put('agent.json', JSON.stringify(value));
  return readAgentFiles(readAgentConfig(file), file, createSshKeys().parse);
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
    const files = read({ authority: 'ca.pem' }, ['host.pub']);
    expect(files).toMatchObject({ hostKeys: [hostKey.publicLine()], warnings: [] });
    expect(files.certificate).toContain('BEGIN CERTIFICATE');
    expect(files.authority).toContain('BEGIN CERTIFICATE');
  });

  test('are all looked at before anything is said', () => {
    const problems = problemsOf(() =>
      read({ certificate: 'none.pem', key: 'folder', authority: 'own.key' }, ['host', 'big']),
    );
    expect(problems).toEqual([
      `mqtt.certificate: ${join(folder, 'none.pem')} does not exist`,
      expect.stringMatching(/^mqtt\.key: .*folder is a folder$/),
      'mqtt.authority: not a PEM certificate',
      'hostKeys.0: more than one line',
      `hostKeys.1: ${join(folder, 'big')} is larger than 1 MB`,
    ]);
  });

  test.each([
    ['another key', { key: 'other.key' }, 'mqtt.key: not the key of mqtt.certificate'],
    ['a certificate for a key', { key: 'own.pem' }, 'mqtt.key: not a PEM private key without a passphrase'],
    ['a key for a certificate', { certificate: 'own.key' }, 'mqtt.certificate: not a PEM certificate'],
  ])('%s is refused without a word of it', (_what, mqtt, problem) => {
    expect(problemsOf(() => read(mqtt))).toEqual([problem]);
  });

  test('a key that others can read is a warning', () => {
    expect(read({ key: 'open.key' }).warnings).toEqual(['mqtt.key: other users can read it; chmod 600']);
  });

  test('a config that is not there says so', () => {
    expect(problemsOf(() => readAgentConfig(join(folder, 'no.json')))).toEqual([
      `this file: ${join(folder, 'no.json')} does not exist`,
    ]);
  });
});

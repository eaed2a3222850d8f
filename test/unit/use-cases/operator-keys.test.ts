import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeChallenge, registerKey, removeKey } from '../../../core/use-cases/operator-keys.ts';
import { codeOf, createWorld, operatorId, otherId, type World } from './world.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  for (const [name, type, bits] of [
    ['ed25519', 'ed25519', '256'],
    ['ecdsa', 'ecdsa', '256'],
    ['rsa', 'rsa', '2048'],
  ] as const)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', '', '-f', join(folder, name)]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const publicKey = (name: string) => readFileSync(join(folder, `${name}.pub`), 'utf8').trim();
/** What OpenSSH itself makes of it. */
const sign = (name: string, text: string, namespace = 'sallyport'): string => {
  const file = join(folder, 'challenge');
  writeFileSync(file, text);
  rmSync(`${file}.sig`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', join(folder, name), file], {
    stdio: 'ignore',
  });
  return readFileSync(`${file}.sig`, 'utf8');
};
const asking = { operator: operatorId, way: 'api', source: '203.0.113.9' };

const register = async (world: World, given: Partial<Parameters<typeof registerKey>[2]> = {}, who = asking) => {
  const { challenge } = await makeChallenge(world.ports, who.operator);
  const signature = sign('ed25519', given.challenge ?? challenge);
  return registerKey(world.ports, who, {
    publicKey: publicKey('ed25519'),
    name: 'laptop',
    challenge,
    signature,
    ...given,
  });
};

describe('a key is registered by whoever holds it', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'])('%s', async (name) => {
    const world = createWorld();
    const { challenge } = await makeChallenge(world.ports, operatorId);
    const given = { publicKey: publicKey(name), challenge, signature: sign(name, challenge) };
    const key = await register(world, given);
    expect(await world.ports.operatorKeys.get(key.fingerprint)).toMatchObject({ operator: operatorId, name: 'laptop' });
    expect(world.entries()).toMatchObject([{ kind: 'changed', action: 'key.add', operator: operatorId }]);
  });

  test('`echo` adds a line end, and that is fine', async () => {
    const world = createWorld();
    const { challenge } = await makeChallenge(world.ports, operatorId);
    await register(world, { challenge, signature: sign('ed25519', `${challenge}\n`) });
    expect(await world.ports.operatorKeys.list(operatorId)).toHaveLength(1);
  });

  test('its name is shown harmless', async () => {
    const key = await register(createWorld(), { name: '\u001b]0;x\u0007<b>me</b>' });
    expect(key.name).toBe('\\u{1b}]0;x\\u{7}\\u{3c}b\\u{3e}me\\u{3c}/b\\u{3e}');
  });
});

describe('and by nobody else', () => {
  const refused = async (world: World, given: Promise<Parameters<typeof register>[1]>) => {
    const code = await codeOf(register(world, await given));
    expect(await world.ports.operatorKeys.list(operatorId)).toEqual([]);
    return code;
  };

  test.each<[string, (challenge: string) => Parameters<typeof register>[1]]>([
    ['a signature by another key', (challenge) => ({ challenge, signature: sign('ecdsa', challenge) })],
    ['a signature over something else', (challenge) => ({ challenge, signature: sign('ed25519', `x${challenge}`) })],
    ['a signature for another purpose', (challenge) => ({ challenge, signature: sign('ed25519', challenge, 'git') })],
    [
      'a damaged signature',
      (challenge) => ({ challenge, signature: sign('ed25519', challenge).replace(/[A-Z]/, '*') }),
    ],
    ['no signature', () => ({ signature: 'please' })],
    ['no key', () => ({ publicKey: 'please' })],
    ['the private half', () => ({ publicKey: readFileSync(join(folder, 'ed25519'), 'utf8') })],
    ['a challenge that was never given', () => ({ challenge: 'abcdefgh' })],
  ])('%s', async (_, given) => {
    const world = createWorld();
    const made = makeChallenge(world.ports, operatorId).then(({ challenge }) => given(challenge));
    expect(await refused(world, made)).toBe('invalid_request');
  });

  test("another operator's challenge, a spent one, and one older than 5 minutes", async () => {
    const world = createWorld();
    const theirs = await makeChallenge(world.ports, otherId);
    expect(await refused(world, Promise.resolve({ challenge: theirs.challenge }))).toBe('invalid_request');
    const late = await makeChallenge(world.ports, operatorId);
    world.advance(5 * 60_000);
    expect(await refused(world, Promise.resolve({ challenge: late.challenge }))).toBe('invalid_request');
    const { challenge } = await makeChallenge(world.ports, operatorId);
    await register(world, { challenge });
    expect(await codeOf(register(world, { challenge }))).toBe('invalid_request');
  });

  test('a key that belongs to another operator, and who tried is recorded', async () => {
    const world = createWorld();
    await register(world, {}, { ...asking, operator: otherId });
    expect(await codeOf(register(world))).toBe('conflict');
    await world.ports.hub.settle();
    expect(world.entries().at(-1)).toMatchObject({ kind: 'refused', code: 'conflict', operator: operatorId });
  });

  test('nobody, while it cannot be recorded', async () => {
    const world = createWorld();
    world.mood.audit = false;
    expect(await codeOf(register(world))).toBe('unavailable');
    expect(await world.ports.operatorKeys.list(operatorId)).toEqual([]);
  });
});

test('a key that is removed is gone, and routers are told to cut what it opened', async () => {
  const world = createWorld();
  const { fingerprint } = await register(world);
  expect(await codeOf(removeKey(world.ports, { ...asking, operator: otherId }, fingerprint))).toBe('not_found');
  await removeKey(world.ports, asking, fingerprint);
  expect(await world.ports.operatorKeys.get(fingerprint)).toBeUndefined();
  expect(world.changes).toMatchObject([{ kind: 'operator_key_removed', operator: operatorId, fingerprint }]);
  expect(await codeOf(removeKey(world.ports, asking, fingerprint))).toBe('not_found');
});

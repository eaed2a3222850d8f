import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditRow, auditOfRow } from '../../adapters/dynamodb/audit-log.ts';
import { createAnchorKeys } from '../../adapters/jwt/anchor-signatures.ts';
import { makeSigningKeyPairs } from '../../adapters/ssh/host-key-pairs.ts';
import { type AuditRowChange, copyParts, copyText } from '../../core/model/audit-copy.ts';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import { tableVariable } from '../../core/names.ts';
import type { HostKeyPair, HostKeySet } from '../../core/ports/host-key-store.ts';
import type { PersonData } from '../../core/use-cases/person-data.ts';
import { projectRoot } from '../../infra/project-root.ts';
import { serveDynamoDb } from '../../local/dynamodb/server.ts';
import { type LocalOperator, makeKey, mustCall, registerKey, signIn } from '../../local/system/local-operator.ts';
import { run } from '../support/run.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { openSystemStore, type SystemStore } from '../support/system-store.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['ssh-keygen'], 'the commands for audit copies and for one person', () => {
  let system: TestSystem;
  let store: SystemStore;
  let bob: { readonly id: string; readonly me: LocalOperator };
  let tables: Awaited<ReturnType<typeof serveDynamoDb>>;
  const nouns = ['audit', 'operatorKeys', 'grants', 'tunnels', 'once', 'changes'] as const;

  /** As whoever owns the account would run it. */
  const cli = (name: string, args: readonly string[], without: readonly (typeof nouns)[number][] = []) =>
    run(process.execPath, ['--import', 'tsx', join(projectRoot, 'cli', `${name}.ts`), ...args], {
      env: {
        ...{ PATH: process.env.PATH, HOME: process.env.HOME },
        ...{ AWS_REGION: system.plane.place.region, AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'owner' },
        AWS_ENDPOINT_URL_DYNAMODB: tables.url,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...Object.fromEntries(
          nouns.filter((noun) => !without.includes(noun)).map((noun) => [tableVariable(noun), store.tableName(noun)]),
        ),
      },
    });

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 1 });
    store = await openSystemStore(system);
    tables = await serveDynamoDb(system.plane.dynamodb);
    const me = await signIn(system, 'bob', ['field']);
    const { operator: id } = await mustCall<{ operator: string }>(me, 'GET', '/v1/me');
    bob = { id, me };
    const key = join(system.directory, 'bob');
    await makeKey(key);
    await registerKey(me, key);
    await mustCall(system.ada, 'POST', '/v1/grants', {
      principal: `operator:${id}`,
      devices: 'p-*',
      services: ['ssh'],
    });
  }, 120_000);
  afterAll(async () => {
    await tables?.close();
    await store?.close();
    await system?.stop();
  }, 60_000);

  describe('copies', () => {
    const unchecked = expect.stringMatching(/^Signatures are not checked: .*--anchor-key/);
    const folder = () => join(system.directory, 'copies');
    let rows: readonly AuditRow[];
    let keys: readonly [HostKeyPair, HostKeyPair];
    const files = ['day-0/batch.jsonl', 'day-1/batch.jsonl'] as const;
    const write = async (file: string, changes: readonly AuditRowChange[], set: Pick<HostKeySet, 'keys' | 'next'>) => {
      const { next, sign } = await createAnchorKeys(async () => set)();
      const parts = copyParts(changes, { now: Date.now(), next });
      writeFileSync(file, copyText(parts, await sign(parts.head)));
    };
    beforeAll(async () => {
      keys = [...(await makeSigningKeyPairs()), ...(await makeSigningKeyPairs())] as [HostKeyPair, HostKeyPair];
      const [first, second] = keys;
      rows = await store.rows<AuditRow>('audit');
      expect(rows.length).toBeGreaterThan(4);
      const changes = rows.map((row) => ({ kind: 'added', record: auditOfRow(row) }) as const);
      // As the vault has them: an object a batch, in folders by day.
      for (const day of ['day-0', 'day-1']) mkdirSync(join(folder(), day), { recursive: true });
      const announced = { keys: [first], next: { keys: [second], announcedAt: 1 } };
      await write(join(folder(), files[0]), changes.slice(0, 3), announced);
      await write(join(folder(), files[1]), changes.slice(3), { keys: [second] });
    });

    test('are sound by themselves, and the table says the same', async () => {
      const alone = await cli('audit-copies', [folder()], ['audit']);
      expect({ code: alone.code, err: alone.err }).toEqual({ code: 0, err: unchecked });
      expect(alone.out).toMatch(/^\d+ chains, 0 not sound, 0 not judged, 0 rows touched, table not compared\n$/);
      const compared = await cli('audit-copies', [folder()]);
      expect({ code: compared.code, err: compared.err }).toEqual({ code: 0, err: unchecked });
      expect(compared.out).toMatch(/ 0 not sound, 0 not judged, 0 rows touched, 0 anchors differ from the table\n$/);
    });

    test('are checked from key to key, and the last one is told', async () => {
      const [first, second] = keys;
      const whole = await cli('audit-copies', ['--anchor-key', first.public, folder()]);
      expect({ code: whole.code, err: whole.err }).toEqual({ code: 0, err: '' });
      expect(whole.out).toContain(
        `2 copies, 0 without a good signature\nFor copies from now on: --anchor-key '${second.public}'\n`,
      );
      const later = await cli('audit-copies', ['--json', '--anchor-key', second.public, join(folder(), 'day-1')]);
      expect(sumsOf(later.out)).toMatchObject({ copies: 1, notSigned: 0, anchorKeys: [second.public] });
      // The one before it is not a key of its own.
      const { code, out } = await cli('audit-copies', ['--anchor-key', second.public, folder()]);
      expect({ code, out }).toEqual({
        code: 1,
        out: expect.stringContaining(`NOT SIGNED ${files[0]}: signed by a key`),
      });
    });

    test.each<[string, string, (text: string) => string]>([
      ['altered', 'its lines are not those', (text) => text.replace(/"at":(\d)/, '"at":9$1')],
      ['headed by another anchor', 'its signature is not', (text) => text.replace(/"hash":"[0-9a-f]/, '"hash":"x')],
      ['stripped of its signature', 'it has no', (text) => text.replace(/,"signature":"[^"]*"/, '')],
    ])('of which one was %s are told of, by name', async (_how, words, forge) => {
      const [file, before] = [join(folder(), files[1]), readFileSync(join(folder(), files[1]), 'utf8')];
      writeFileSync(file, forge(before));
      const given = ['--anchor-key', keys[0].public, folder()];
      const told = await cli('audit-copies', given, ['audit']);
      const json = await cli('audit-copies', ['--json', ...given], ['audit']);
      writeFileSync(file, before);
      expect(told.code).toBe(1);
      expect(told.out).toContain(`NOT SIGNED ${files[1]}: ${words}`);
      expect(told.out).toContain('2 copies, 1 without a good signature');
      expect(json.code).toBe(1);
      expect(json.out).toContain(`{"copy":"${files[1]}","signature":`);
      expect(sumsOf(json.out)).toMatchObject({ notSigned: 1, anchorKeys: keys.map((key) => key.public) });
    });

    test('want a key that can be one', async () => {
      const { code, out, err } = await cli('audit-copies', ['--anchor-key', 'ssh-ed25519 AAAA me@here', folder()]);
      expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining('--anchor-key must be') });
    });

    test('tell when the table was written anew behind them', async () => {
      const last = rows.reduce((one, other) => (other.seq > one.seq ? other : one));
      await store.put('audit', { ...last, hash: '0'.repeat(64) });
      const { code, out } = await cli('audit-copies', [folder()]);
      await store.put('audit', last);
      expect(out).toContain(`NOT THE SAME ${last.chain}: record ${last.seq} of the table`);
      expect(code).toBe(1);
    });

    test('of which one is missing are told of', async () => {
      const chain = longest(rows.map(auditOfRow));
      const copiesOf = async (name: string, records: typeof chain) => {
        const made = join(system.directory, name);
        mkdirSync(made);
        const changes = records.map((record) => ({ kind: 'added', record }) as const);
        await write(join(made, 'batch.jsonl'), changes, { keys: [keys[0]] });
        return made;
      };
      const [name = '', gap = 0] = [chain[0]?.chain, chain[1]?.seq];
      const cut = await cli('audit-copies', [await copiesOf('cut', chain.toSpliced(1, 1))], ['audit']);
      expect(cut).toMatchObject({
        code: 1,
        out: expect.stringContaining(`NOT SOUND ${name}: record ${gap} is missing`),
      });
      const late = await cli('audit-copies', [await copiesOf('late', chain.slice(1))], ['audit']);
      expect(late.out).toBe(
        `NOT JUDGED ${name}: its beginning is in no copy\n0 chains, 0 not sound, 1 not judged, 0 rows touched, table not compared\n`,
      );
      expect(await cli('audit-copies', [join(system.directory, 'nowhere')])).toMatchObject({ code: 2, out: '' });
    });
  });

  describe('one person', () => {
    const personOf = (out: string): PersonData => JSON.parse(out);

    test('is exported whole, and nobody else with them', async () => {
      const { code, out, err } = await cli('export-person', ['--operator', bob.id], ['once', 'changes']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const person = personOf(out);
      expect(person).toMatchObject({ operator: bob.id, signIn: { groups: ['field'] }, tunnels: [] });
      expect(person.keys).toHaveLength(1);
      expect(person.grants).toEqual([expect.objectContaining({ principal: `operator:${bob.id}`, devices: 'p-*' })]);
      expect(person.audit.map(({ action }) => action)).toContain('key.add');
      expect(person.audit.filter(({ operator }) => operator !== bob.id)).toEqual([]);
    });

    test('is found by what the token says, too', async () => {
      const { issuer, subject } = claimsOf(bob.me.token);
      const { code, out } = await cli('export-person', ['--issuer', issuer, '--subject', subject]);
      expect(code).toBe(0);
      expect(personOf(out).operator).toBe(bob.id);
    });

    test('is forgotten, and the chains stay sound', async () => {
      const { code, out, err } = await cli('export-person', ['--operator', bob.id, '--forget']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      // What is taken away was written out before.
      expect(personOf(out)).toMatchObject({ keys: [expect.anything()], grants: [expect.anything()] });
      const left = await cli('export-person', ['--operator', bob.id]);
      expect(personOf(left.out)).toMatchObject({ keys: [], grants: [] });
      expect(personOf(left.out).audit.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['key.add', 'key.remove', 'grant.remove']),
      );
      await mustCall(system.ada, 'GET', '/v1/me/keys').then(({ keys }) => expect(keys).toHaveLength(1));
      const verified = await cli('audit-verify', []);
      expect(verified).toMatchObject({ code: 0, out: expect.stringContaining(' 0 not sound') });
    });

    test('wants a name that it can be', async () => {
      expect(await cli('export-person', ['--operator', 'bob@example.com'])).toMatchObject({ code: 2, out: '' });
      const unset = await cli('export-person', ['--operator', bob.id], ['grants']);
      expect(unset).toMatchObject({ code: 2, out: '', err: expect.stringContaining('set SALLYPORT_TABLE_GRANTS') });
    });
  });
});

const sumsOf = (out: string): unknown => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');

const longest = (records: readonly AuditRecord[]): readonly AuditRecord[] => {
  const chains = [...new Set(records.map(({ chain }) => chain))].map((name) =>
    records.filter(({ chain }) => chain === name).sort((one, other) => one.seq - other.seq),
  );
  return chains.reduce((one, other) => (other.length > one.length ? other : one));
};

const claimsOf = (token: string): { readonly issuer: string; readonly subject: string } => {
  const { iss: issuer, sub: subject } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return { issuer, subject };
};

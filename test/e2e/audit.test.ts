import { join } from 'node:path';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import type { SignIn } from '../../core/model/operator.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { projectRoot } from '../../infra/project-root.ts';
import { type LocalOperator, makeKey, mustCall, registerKey, signIn } from '../../local/system/local-operator.ts';
import { eventually } from '../support/eventually.ts';
import { httpsGet } from '../support/https-get.ts';
import { asOperator, connectMqtt } from '../support/mqtt-client.ts';
import { run, start } from '../support/run.ts';
import { startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { openSystemStore, type SystemStore } from '../support/system-store.ts';
import { describeWith } from '../support/tools.ts';

// What the audit log promises: a record before every access, no access without one, and nobody alters it unseen. And
// what narrows access while it is used.

/** DESIGN 4: whatever narrows access cuts live streams within this time. */
const cutMilliseconds = 5_000;

describeWith(['ssh', 'ssh-keygen', 'sshd'], 'the audit log of the whole system', () => {
  let system: TestSystem;
  let store: SystemStore;
  let pump: TestDevice;
  let bob: { readonly id: string; readonly me: LocalOperator; readonly key: string };
  const children: { kill(): Promise<void> }[] = [];

  beforeAll(async () => {
    system = await startTestSystem();
    store = await openSystemStore(system);
    const me = await signIn(system, 'bob', ['field']);
    const { operator: id } = await mustCall<{ operator: string }>(me, 'GET', '/v1/me');
    bob = { id, me, key: join(system.directory, 'bob') };
    await makeKey(bob.key);
    await registerKey(me, bob.key);
    pump = await system.device('pump-7');
    await system.writeSshConfig();
  }, 120_000);
  afterAll(async () => {
    for (const child of children) await child.kill();
    await store?.close();
    await system?.stop();
  }, 60_000);

  const relayOf = ({ serverId }: TunnelView) => {
    const found = system.dataPlane.relays.find(({ child }) => child.running && child.ready.serverId === serverId);
    if (found === undefined) throw new Error(`no relay ${serverId}`);
    return found;
  };
  const tunnelHost = ({ id }: Pick<TunnelView, 'id'>) => `t-${id}.${system.domain}`;
  /** OpenSSH's bytes to the device's service, by the tunnel's own name. */
  const through = (key: string, { id }: Pick<TunnelView, 'id'>) => {
    const child = start(
      'ssh',
      [
        ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=INFO'].flatMap(
          (option) => ['-o', option],
        ),
        ...['-i', key, '-o', 'IdentitiesOnly=yes', '-p', String(system.routerPort)],
        ...['-W', `${tunnelHost({ id })}:22`, 'jump@127.0.0.1'],
      ],
      { openInput: true },
    );
    children.push(child);
    return child;
  };
  const verify = async () => {
    const script = join(projectRoot, 'cli/audit-verify.ts');
    const args = ['--import', 'tsx', script, '--env-file', system.state.file('aws.env')];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    return await run(process.execPath, args, { env });
  };

  describe('a router that is killed between the record and the join', () => {
    test('leaves the record', async () => {
      const tunnel = await system.open('pump-7');
      const relay = relayOf(tunnel);
      const [router] = system.dataPlane.routers;
      if (router === undefined) throw new Error('no router');
      // Its door cannot answer, so nobody is joined.
      relay.child.kill('SIGSTOP');
      try {
        const client = through(system.keyFile, tunnel);
        const record = await store.record({ kind: 'allowed', action: 'connect', tunnel: tunnel.id });
        router.child.kill('SIGKILL');
        expect(await router.child.exited).toBe('SIGKILL');
        await client.closed;
        expect(client.said).not.toContain('SSH-2.0-OpenSSH');
        expect(await store.record({ action: 'connect', tunnel: tunnel.id })).toEqual(record);
        expect(record).toMatchObject({ device: 'pump-7', service: 'ssh', way: 'jump', source: '127.0.0.1' });
      } finally {
        relay.child.kill('SIGCONT');
      }
      await system.dataPlane.startRouter(system.routerPort);
      const { code, err } = await system.ssh([`${pump.machine.ready.login}@pump-7.${system.domain}`, 'true']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
    });
  });

  describe('while the audit table is away', () => {
    let open: TunnelView;
    let web: TunnelView;
    const away = (fault?: Parameters<typeof system.plane.endpoint.setFault>[1]) =>
      system.plane.endpoint.setFault({ table: store.tableName('audit') }, fault);
    beforeAll(async () => {
      [open, web] = [await system.open('pump-7'), await system.open('pump-7', { service: 'web' })];
      // A relay that cannot record its take gives it up.
      for (const { id } of [open, web]) await store.record({ action: 'forward', tunnel: id });
    });
    afterEach(() => away());
    const broken = { kind: 'error', status: 500, code: 'InternalServerError' } as const;

    test('nobody gets in by ssh -J, and is told why', async () => {
      away(broken);
      const client = through(system.keyFile, open);
      await client.closed;
      expect(client.said).toContain('unavailable');
      expect(client.said).toContain('the audit record could not be written');
      expect(client.said).not.toContain('SSH-2.0-OpenSSH');
    });

    test('nobody gets in by https, and is told why', async () => {
      away(broken);
      const { status, body } = await httpsGet(system, tunnelHost(web), { token: system.ada.token, path: '/nonce' });
      expect(status).toBe(503);
      expect(JSON.parse(body)).toMatchObject({
        code: 'unavailable',
        detail: 'the audit record could not be written',
        retry: true,
      });
    });

    test('nobody gets a tunnel by API, and is told why; no row is made', async () => {
      const before = (await store.rows('tunnels')).length;
      away(broken);
      const answer = await system.ada.call('POST', '/v1/devices/pump-7/tunnels', { service: 'ssh' });
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'unavailable', detail: 'the audit record could not be written' },
      });
      expect(await store.rows('tunnels')).toHaveLength(before);
    });

    test('nobody makes a grant, and an operator does not get on the broker', async () => {
      const before = (await store.rows('grants')).length;
      away(broken);
      const grant = { principal: 'group:field', devices: '*', services: ['*'] };
      expect(await system.ada.call('POST', '/v1/grants', grant)).toMatchObject({ status: 503 });
      expect(await store.rows('grants')).toHaveLength(before);
      await expect(connectMqtt(system, asOperator(bob.id, bob.me.token))).rejects.toMatchObject({ code: 0x87 });
    });

    test('a table that is silent is no better than one that fails', async () => {
      away({ kind: 'hang' });
      const client = through(system.keyFile, open);
      await client.closed;
      expect(client.said).not.toContain('SSH-2.0-OpenSSH');
      expect(client.said).toMatch(/timeout|unavailable/);
    }, 40_000);

    test('and when it is back everybody gets in, and the chains account for what was lost', async () => {
      const { code } = await system.ssh([`${pump.machine.ready.login}@pump-7.${system.domain}`, 'true']);
      expect(code).toBe(0);
      const { status, body } = await httpsGet(system, tunnelHost(web), { token: system.ada.token, path: '/nonce' });
      expect({ status, body }).toEqual({ status: 200, body: expect.stringMatching(/^[0-9a-f]{32}\n$/) });
      expect((await system.open('pump-7')).state).toBe('open');
      await store.record({ kind: 'void' });
      const {
        code: verdict,
        out,
        err,
      } = await eventually(async () => {
        const ran = await verify();
        return ran.code === 0 ? ran : undefined;
      }, 'a sound log');
      expect({ verdict, err }).toEqual({ verdict: 0, err: '' });
      expect(out).toMatch(/^\d+ chains, \d+ records checked \([1-9]\d* stand for .*\), 0 not sound/);
    }, 40_000);
  });

  describe('access that is taken away while it is used', () => {
    let tunnel: TunnelView;
    let grant: { readonly id: string; readonly principal: string };
    const grantPath = () => `/v1/grants/${encodeURIComponent(grant.principal)}/${grant.id}`;
    beforeEach(async () => {
      grant = await mustCall(system.ada, 'POST', '/v1/grants', {
        principal: 'group:field',
        devices: 'pump-7',
        services: ['*'],
      });
      tunnel = await mustCall<TunnelView>(bob.me, 'POST', '/v1/devices/pump-7/tunnels', { service: 'ssh' });
      tunnel = await mustCall<TunnelView>(bob.me, 'GET', `/v1/tunnels/${tunnel.id}?wait=20`);
    });
    afterEach(async () => {
      await system.ada.call('DELETE', grantPath());
    });
    const streaming = async () => {
      const client = through(bob.key, tunnel);
      await client.says(/SSH-2\.0-OpenSSH/);
      return client;
    };
    const isCut = async (client: Awaited<ReturnType<typeof streaming>>) => {
      const since = performance.now();
      await client.closed;
      expect(performance.now() - since).toBeLessThan(cutMilliseconds);
    };

    test('a grant', async () => {
      const client = await streaming();
      const others = through(system.keyFile, await system.open('pump-7'));
      await others.says(/SSH-2\.0-OpenSSH/);
      await mustCall(system.ada, 'DELETE', grantPath());
      await isCut(client);
      expect(others.child.exitCode).toBeNull();
      await others.kill();
      const again = through(bob.key, tunnel);
      await again.closed;
      expect(again.said).toContain('not_found');
      await store.record({ kind: 'changed', action: 'grant.remove' });
      await store.record({ kind: 'refused', action: 'connect', operator: bob.id, code: 'not_found' });
    });

    test('a key', async () => {
      const client = await streaming();
      const { keys } = await mustCall<{ keys: { fingerprint: string }[] }>(bob.me, 'GET', '/v1/me/keys');
      const fingerprint = keys[0]?.fingerprint ?? '';
      await mustCall(bob.me, 'DELETE', `/v1/me/keys/${encodeURIComponent(fingerprint)}`);
      await isCut(client);
      const again = through(bob.key, tunnel);
      await again.closed;
      expect(again.said).toContain('Permission denied (publickey)');
      const record = await store.record({ kind: 'refused', action: 'sign_in', code: 'unauthenticated' });
      expect(record.facts).toMatchObject({ key: fingerprint });
      await registerKey(bob.me, bob.key);
    });

    test('the device, by freezing it', async () => {
      const client = await streaming();
      await mustCall(system.ada, 'PATCH', '/v1/devices/pump-7', { frozen: true });
      expect(client.child.exitCode).toBeNull();
      await isCut(client);
      // The relay cut it, perhaps before the router has heard why.
      await eventually(async () => {
        const again = through(bob.key, tunnel);
        await again.closed;
        return again.said.includes('device_frozen') || undefined;
      }, 'device_frozen');
      await mustCall(system.ada, 'PATCH', '/v1/devices/pump-7', { frozen: false });
    });

    test('everything at once: ten streams, two ways in, and none is left', async () => {
      const web = await mustCall<TunnelView>(bob.me, 'POST', '/v1/devices/pump-7/tunnels', { service: 'web' });
      await mustCall<TunnelView>(bob.me, 'GET', `/v1/tunnels/${web.id}?wait=20`);
      const clients = await Promise.all(Array.from({ length: 10 }, streaming));
      const asked = { token: bob.me.token, path: '/nonce' };
      expect(await httpsGet(system, tunnelHost(web), asked)).toMatchObject({ status: 200 });
      const { keys } = await mustCall<{ keys: { fingerprint: string }[] }>(bob.me, 'GET', '/v1/me/keys');
      await Promise.all([
        mustCall(system.ada, 'DELETE', grantPath()),
        mustCall(bob.me, 'DELETE', `/v1/me/keys/${encodeURIComponent(keys[0]?.fingerprint ?? '')}`),
        mustCall(bob.me, 'DELETE', `/v1/tunnels/${tunnel.id}`),
        mustCall(bob.me, 'DELETE', `/v1/tunnels/${web.id}`),
      ]);
      await Promise.all(clients.map(isCut));
      // A router may take 5 s to hear that the grant is gone; until then it knows that the tunnel has ended.
      expect([404, 409]).toContain((await httpsGet(system, tunnelHost(web), asked)).status);
      await registerKey(bob.me, bob.key);
    });

    test('a sign-in that is too old', async () => {
      const rows = await store.rows<SignIn>('operatorKeys');
      const row = rows.find(({ id }) => id === bob.id);
      if (row === undefined) throw new Error('bob has signed in');
      await store.put('operatorKeys', { ...row, at: Date.now() - 13 * 3_600_000 });
      const client = through(bob.key, tunnel);
      await client.closed;
      expect(client.said).toContain('sign_in_expired');
      await store.record({ kind: 'refused', action: 'connect', operator: bob.id, code: 'sign_in_expired' });
      await store.put('operatorKeys', row);
    });

    test('a token that has ended, at the API, at the router and at the broker', async () => {
      const ended = await signIn(system, 'bob', ['field'], -1);
      expect(await ended.call('GET', '/v1/me')).toMatchObject({ status: 401 });
      const web = await system.open('pump-7', { service: 'web' });
      expect(await httpsGet(system, tunnelHost(web), { token: ended.token })).toMatchObject({ status: 401 });
      await store.record({ kind: 'refused', action: 'connect', way: 'http', code: 'unauthenticated' });
      await expect(connectMqtt(system, asOperator(bob.id, ended.token))).rejects.toMatchObject({ code: 0x87 });
      await store.record({ kind: 'refused', action: 'mqtt.connect', code: 'unauthenticated' });
    });
  });

  // Last, for each spoils the log for whoever reads it after.
  describe('the verifier', () => {
    type Row = AuditRecord & { readonly markedDay?: string };
    let chain: readonly Row[];
    beforeAll(async () => {
      const rows = await store.rows<Row>('audit');
      const longest = [...new Set(rows.map((row) => row.chain))]
        .map((name) => rows.filter((row) => row.chain === name))
        .reduce((one, other) => (other.length > one.length ? other : one));
      chain = [...longest].sort((one, other) => one.seq - other.seq);
      expect(chain.length).toBeGreaterThan(5);
    });
    const at = (seq: number): Row => {
      const found = chain[seq - 1];
      if (found?.seq !== seq) throw new Error(`no record ${seq}`);
      return found;
    };
    const keyOf = ({ chain: name, seq }: Row) => ({ chain: name, seq });

    test('calls the untouched log sound', async () => {
      const { code, out, err } = await verify();
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/ 0 not sound/);
    });

    test.each<[string, (row: Row) => Row]>([
      ['who', (row) => ({ ...row, operator: bob.id })],
      ['when', (row) => ({ ...row, at: row.at - 1 })],
      ['what was decided', (row) => ({ ...row, kind: row.kind === 'allowed' ? 'ended' : 'allowed' })],
      ['a fact', (row) => ({ ...row, facts: { ...row.facts, more: 'x' } })],
      ['its hash', (row) => ({ ...row, hash: '0'.repeat(64) })],
    ])('names the record in which %s was altered', async (_what, altered) => {
      const row = at(4);
      await store.put('audit', altered(row));
      const { code, out } = await verify();
      await store.put('audit', row);
      expect(out).toContain(`NOT SOUND ${row.chain}: record 4 is altered\n`);
      expect(code).toBe(1);
    });

    test.each([1, 2, 3])('names the first missing when record %i was deleted', async (seq) => {
      const row = at(seq);
      await store.remove('audit', keyOf(row));
      const { code, out } = await verify();
      await store.put('audit', row);
      expect(out).toContain(`NOT SOUND ${row.chain}: record ${seq} is missing\n`);
      expect(code).toBe(1);
    });

    test('says so when it cannot read, and that is no verdict', async () => {
      const nowhere = join(system.directory, 'nowhere.env');
      const script = join(projectRoot, 'cli/audit-verify.ts');
      const { code, err } = await run(process.execPath, ['--import', 'tsx', script, '--env-file', nowhere], {
        env: { PATH: process.env.PATH },
      });
      // 2 is ours; some releases of Node look for the file themselves, and end with 9.
      expect([2, 9]).toContain(code);
      expect(err).toContain(nowhere);
    });
  });
});

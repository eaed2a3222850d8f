import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { agentClientId, basicIngest, devicePolicy, rules, topics } from '../../core/names.ts';
import { fleetSettings } from '../../local/demo/operator-files.ts';
import { makeClaim, provisionByClaim } from '../support/claim.ts';
import { asDevice, connectMqtt } from '../support/mqtt-client.ts';
import { type Ran, run, start } from '../support/run.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

type Line = Readonly<Record<string, string | number>>;
/** In order of device, for several are under way at once; the sums stay last. */
const linesOf = ({ out }: Pick<Ran, 'out'>): readonly Line[] =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line): Line => JSON.parse(line))
    .sort((one, other) => placeOf(one).localeCompare(placeOf(other), 'en'));
const placeOf = ({ device, group }: Line): string => (group ? '0' : device === undefined ? '2' : `1 ${device}`);

describeWith(['ssh-keygen', 'sshd'], 'the commands for a fleet', () => {
  let system: TestSystem;
  let env: NodeJS.ProcessEnv;
  const clients: MqttClient[] = [];
  const file = (name: string) => join(system.directory, name);
  const command = (name: string, args: readonly string[]) => [
    ...['--import', 'tsx', join(process.cwd(), 'cli', `${name}.ts`)],
    ...args,
  ];
  const cli = (name: string, ...args: readonly string[]) =>
    run(process.execPath, command(name, args), { env, milliseconds: 60_000 });
  const enrol = (...args: readonly string[]) =>
    cli('enrol', '--out', file('devices'), '--json', '--rate', '100', ...args);
  const connect = async (options: Parameters<typeof connectMqtt>[1]) => {
    const client = await connectMqtt(system, options);
    clients.push(client);
    return client;
  };
  const identityOf = (device: string) => {
    const directory = join(file('devices'), device);
    const name = (part: string) => join(directory, part);
    return { id: device, directory, certificate: name('certificate.pem'), key: name('key.pem'), authority: file('ca') };
  };

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 1 });
    const settings = fleetSettings(system, system.ada).map((line) => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1),
    ]);
    env = { ...process.env, ...Object.fromEntries(settings) };
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) await client.endAsync(true);
    await system?.stop();
  }, 60_000);

  test('enrol makes keys that stay here and devices that connect; run again, it does nothing twice', async () => {
    writeFileSync(file('list.csv'), '# the north site\ndevice,site\npress:1,north\npress-2,south\n');
    const first = await enrol('--from', file('list.csv'));
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(linesOf(first)).toEqual([
      { device: 'press-2', outcome: 'enrolled' },
      { device: 'press:1', outcome: 'enrolled' },
      { done: 2, total: 2, enrolled: 2 },
    ]);
    const { key } = identityOf('press%3A1');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(first.out).not.toMatch(/PRIVATE/);
    expect(system.plane.devices.thing('press:1')).toMatchObject({
      thingTypeName: 'sallyport-device',
      attributes: { site: 'north' },
    });
    for (const clientId of ['press-2', agentClientId('press-2')])
      await connect({ ...asDevice(identityOf('press-2')), clientId });
    expect(linesOf(await enrol('--from', file('list.csv'))).at(-1)).toEqual({ done: 2, total: 2, already: 2 });
    expect(system.plane.devices.principalsOf('press-2')).toHaveLength(1);

    // On another machine, without this folder: the thing has its certificate already.
    const other = await cli('enrol', '--out', file('other'), '--json', '--from', file('list.csv'));
    expect(other.code).toBe(1);
    expect(linesOf(other)[0]).toMatchObject({ device: 'press-2', outcome: 'refused' });
  }, 60_000);

  test('Ctrl-C stops it cleanly, and the next run goes on', async () => {
    const slow = command('enrol', [
      '--out',
      file('devices'),
      '--json',
      '--rate',
      '5',
      '--prefix',
      'mill-',
      '--count',
      '30',
    ]);
    const running = start(process.execPath, slow, { env });
    await running.says(/mill-00004/);
    running.child.kill('SIGINT');
    expect(await running.closed).toBe(130);
    expect(running.said).toMatch(/Run the same command again/);
    const before = linesOf({ out: running.said.slice(0, running.said.indexOf('\nStopped')) }).length;
    expect(before).toBeLessThan(15);
    const rest = await enrol('--prefix', 'mill-', '--count', '30');
    const sums = linesOf(rest).at(-1);
    expect(sums).toMatchObject({ done: 30, total: 30 });
    expect(Number(sums?.already)).toBeGreaterThanOrEqual(4);
    expect(Number(sums?.already) + Number(sums?.enrolled)).toBe(30);
    expect(existsSync(join(file('devices'), 'mill-00030', 'certificate.pem'))).toBe(true);
  }, 60_000);

  test('without rights it says so once and ends', async () => {
    const { roles, outputs } = system.plane;
    const auditor = Object.values(outputs).find((values) => 'AuditorRole' in values)?.AuditorRole;
    const poor = { ...env, ...roles.variables(String(auditor), 'poor') };
    const args = command('enrol', ['--out', file('poor'), '--prefix', 'x-', '--count', '50', '--rate', '100']);
    const ran = await run(process.execPath, args, { env: poor });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/not authorized|AccessDenied/i);
  }, 30_000);

  test('leave is given through the API, and then a device may come by its claim', async () => {
    const claim = await makeClaim(system);
    expect((await provisionByClaim(system, claim, 'pump-00001')).ok).toBe(false);
    const ran = await enrol('--prefix', 'pump-', '--count', '2', '--leave', '24', '--claim', claim.id);
    expect(linesOf(ran).at(-1)).toEqual({ done: 2, total: 2, 'may come': 2 });
    expect(await provisionByClaim(system, claim, 'pump-00001')).toMatchObject({ ok: true });
  }, 60_000);

  test('adopt gives a group our policy and an agent room beside an application, which is never thrown off', async () => {
    const { devices, policies, place } = system.plane;
    const mine = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'] }] };
    const arns = ['client/lamp-1', 'client/lamp-2', 'topic/lamps/*'].map(
      (part) => `arn:aws:iot:${place.region}:${place.account}:${part}`,
    );
    policies.store.register('lamps', 'iot', [
      { ...mine, Statement: mine.Statement.map((statement) => ({ ...statement, Resource: arns })) },
    ]);
    devices.createGroup('lamps');
    const applications = new Map<string, MqttClient>();
    const thrownOff: string[] = [];
    for (const thingName of ['lamp-1', 'lamp-2']) {
      const { certificate, privateKey } = await system.authority.issueDevice(thingName);
      devices.add({
        thingName,
        thingTypeName: 'lamp',
        certificatePem: certificate,
        policyName: 'lamps',
        attachment: 'NON_EXCLUSIVE_THING',
      });
      devices.addToGroup('lamps', thingName);
      const application = await connect({ clientId: thingName, cert: certificate, key: privateKey });
      application.on('close', () => void thrownOff.push(thingName));
      application.on('disconnect', () => void thrownOff.push(thingName));
      applications.set(thingName, application);
    }
    const beside = (name: string) => {
      const { cert, key } = applications.get(name)?.options ?? {};
      return connect({ clientId: agentClientId(name), cert, key });
    };
    await expect(beside('lamp-1')).rejects.toThrow();

    const once = await cli('adopt', '--group', 'lamps', '--json');
    expect([once.code, linesOf(once)]).toEqual([0, [{ group: 'lamps', policy: 'attached' }]]);
    expect(devices.policiesOf(`arn:aws:iot:${place.region}:${place.account}:thinggroup/lamps`)).toEqual([devicePolicy]);
    // As the thing, it may say hello now; beside it, an agent has no thing yet.
    const event = basicIngest(rules.deviceEvents, topics.events('lamp-1'));
    await applications.get('lamp-1')?.publishAsync(event, '{}', { qos: 1 });
    await expect(beside('lamp-1')).rejects.toThrow();

    const notes = ['--notes', file('adopt')];
    const exclusive = await cli('adopt', '--group', 'lamps', '--exclusive', '--json', '--rate', '50', ...notes);
    expect(exclusive.code).toBe(0);
    expect(linesOf(exclusive)).toEqual([
      { group: 'lamps', policy: 'already' },
      { device: 'lamp-1', outcome: 'exclusive' },
      { device: 'lamp-2', outcome: 'exclusive' },
      { done: 2, exclusive: 2 },
    ]);
    for (const name of applications.keys()) {
      await beside(name);
      expect(applications.get(name)?.connected).toBe(true);
      await applications.get(name)?.publishAsync('lamps/light', 'on', { qos: 1 });
    }
    expect(thrownOff).toEqual([]);
    const again = await cli('adopt', '--group', 'lamps', '--exclusive', '--json', ...notes);
    expect(linesOf(again).at(-1)).toEqual({ done: 0 });
    const unknown = await cli('adopt', '--group', 'nobody');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringMatching(/not found/)]);
  }, 60_000);

  test('the report names who has not said hello; revoke ends one', async () => {
    await system.device('press-9');
    writeFileSync(file('expected'), 'press-9\npress-2\n');
    const report = await cli('fleet-report', '--expect', file('expected'), '--json');
    expect(report.code).toBe(1);
    expect(linesOf(report)).toEqual([
      { device: 'press-2', outcome: 'silent' },
      { device: 'press-9', outcome: 'heard', helloAt: expect.any(String) },
      { total: 2, heard: 1, quiet: 0, silent: 1, frozen: 0 },
    ]);
    const revoked = await cli('revoke', 'press-9', '--json');
    expect(revoked.code).toBe(0);
    expect(linesOf(revoked)).toEqual([{ device: 'press-9', retired: 1, disconnected: 1 }]);
    const after = await cli('fleet-report', '--prefix', 'press-9');
    expect([after.code, after.out]).toEqual([1, expect.stringMatching(/^frozen {2}press-9 .*\n0 of 1 said hello/)]);
  }, 60_000);

  test.each(['enrol', 'adopt', 'fleet-report', 'revoke'])(
    '%s explains itself, and refuses what it does not know',
    async (name) => {
      const [help, wrong] = await Promise.all([cli(name, '--help'), cli(name, '--no-such-option')]);
      expect([help.code, help.out]).toEqual([0, expect.stringContaining(`npx tsx cli/${name}.ts`)]);
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/no-such-option/)]);
    },
    30_000,
  );

  test('a list is checked before anything is done', async () => {
    const bad = file('bad.csv');
    for (const [text, complaint] of [
      ['pump 7\n', /bad\.csv:1: not a device id/],
      ['a\na\n', /bad\.csv:2: a stands here twice/],
      ['device,site\na\n', /bad\.csv:2: 1 columns, but 2/],
      ['# nobody\n', /no device in it/],
    ] as const) {
      writeFileSync(bad, text);
      const ran = await enrol('--from', bad);
      expect([ran.code, ran.out, ran.err]).toEqual([2, '', expect.stringMatching(complaint)]);
    }
    expect(readFileSync(bad, 'utf8')).toBe('# nobody\n');
  }, 30_000);
});

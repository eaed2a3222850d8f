import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentVersion } from '../../../agent/version.ts';
import { bundleAgent, UnknownPlatformError } from '../../../infra/bin/bundle-agent.ts';
import { Harness } from '../local-iot/harness.ts';
import { RunningAgent, runToEnd } from './bundled-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'));
const withBinary = join(folder, 'with binary');
const without = join(folder, 'without');
const script = join(withBinary, 'sallyport-agent.cjs');
let harness: Harness;
const started: RunningAgent[] = [];

const put = (name: string, text: string): void => writeFileSync(join(folder, 'etc', name), text, { mode: 0o600 });
const start = (file: string): RunningAgent => {
  const agent = new RunningAgent(file, ['--config', 'etc/agent.json'], folder);
  started.push(agent);
  return agent;
};

beforeAll(async () => {
  await Promise.all([bundleAgent({ out: withBinary }), bundleAgent({ out: without, platform: 'none' })]);
  harness = await Harness.start();
  const device = await harness.device('pump-7');
  mkdirSync(join(folder, 'etc'));
  put('ca.pem', harness.authority.certificate);
  put('device.pem', device.certificate);
  put('device.key', device.privateKey);
  const mqtt = { host: 'localhost', port: harness.iot.port, certificate: 'device.pem', key: 'device.key' };
  const services = [{ name: 'ssh', scheme: 'ssh', port: 22 }];
  const config = { device: 'pump-7', mqtt: { ...mqtt, authority: 'ca.pem' }, services };
  put('agent.json', JSON.stringify(config));
  put('bad.json', JSON.stringify({ ...config, device: 'pump 7', mqtt: { ...mqtt, key: 'no.key' } }));
});
afterAll(async () => {
  for (const { child } of started) if (child.exitCode === null) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  await harness.close();
  rmSync(folder, { recursive: true });
});

test('is one folder, and what stood there before is gone', async () => {
  const out = join(folder, 'again');
  mkdirSync(out);
  writeFileSync(join(out, 'old'), '');
  await bundleAgent({ out, platform: 'none' });
  expect(readdirSync(out).sort()).toEqual(['sallyport-agent.cjs', 'sallyport-agent.cjs.LEGAL.txt']);
  expect(readdirSync(withBinary)).toContain('aws-crt-nodejs.node');
});

test('for a machine without a binary says which there are', async () => {
  const making = bundleAgent({ out: join(folder, 'never'), platform: 'plan9-mips' });
  await expect(making).rejects.toThrow(UnknownPlatformError);
  await expect(making).rejects.toThrow(/linux-arm64-musl.*none/);
});

test('says its help and version, and what it was called wrongly for', () => {
  expect(runToEnd(script, ['--help'], folder)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Usage: sallyport-agent /),
    stderr: '',
  });
  expect(runToEnd(script, ['--version'], folder)).toMatchObject({ status: 0, stdout: `${agentVersion}\n` });
  expect(runToEnd(script, [], folder)).toMatchObject({
    status: 64,
    stderr: expect.stringMatching(/^--config FILE is missing\n/),
  });
});

test('looks at a config without connecting anywhere', () => {
  expect(runToEnd(script, ['--check', '-c', 'etc/agent.json'], folder)).toEqual({
    status: 0,
    stdout: 'etc/agent.json is good\n',
    stderr: '',
  });
  for (const args of [['--check'], []])
    expect(runToEnd(script, [...args, '-c', 'etc/bad.json'], folder)).toEqual({
      status: 78,
      stdout: '',
      stderr: `etc/bad.json is not usable:
  device: must be a thing name: letters, digits, colon, _ and -
  mqtt.key: ${join(folder, 'etc/no.key')} does not exist; paths are relative to the config
`,
    });
});

test("connects with the AWS client's binary beside it, and ends with its parent", async () => {
  const agent = start(script);
  await agent.line('cloud.connected');
  expect(agent.lines.map(({ event }) => event)).not.toContain('mqtt.fallback');
  agent.child.disconnect();
  expect(await agent.line('stopping')).toMatchObject({ why: 'the parent process has gone' });
  expect(await agent.ended).toBe(0);
  expect(await agent.line('stopped')).toMatchObject({ inTime: true });
});

test('connects with MQTT.js where there is no binary, and ends when asked', async () => {
  const agent = start(join(without, 'sallyport-agent.cjs'));
  await agent.line('cloud.connected');
  expect(await agent.line('mqtt.fallback')).toMatchObject({ level: 'warn', client: 'mqttjs' });
  agent.child.kill('SIGTERM');
  expect(await agent.line('stopping')).toMatchObject({ why: 'SIGTERM' });
  expect(await agent.ended).toBe(0);
});

test('ends with a parent that goes at once', async () => {
  const agent = start(script);
  agent.child.disconnect();
  expect(await agent.ended).toBe(0);
});

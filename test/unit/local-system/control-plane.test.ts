import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { basicIngest, devicePolicy, deviceThingType, operatorAuthorizer, rules, topics } from '../../../core/names.ts';
import { synthesize } from '../../../infra/bin/synth.ts';
import { functionNames } from '../../../infra/functions.ts';
import { type Authority, createAuthority } from '../../../local/ca/authority.ts';
import { localPlace } from '../../../local/cloudformation/place.ts';
import { type ControlPlane, startControlPlane } from '../../../local/system/control-plane.ts';
import { LogFiles } from '../../../local/system/log-files.ts';
import { type StateDirectory, takeStateDirectory } from '../../../local/system/state-directory.ts';
import { startTokenIssuer, type TokenIssuer } from '../../../local/token-issuer/token-issuer.ts';

// The real templates, with functions that tell what reached them.

const root = mkdtempSync(join(tmpdir(), 'control-plane-'));
const sdk = (name: string) =>
  pathToFileURL(join(process.cwd(), `node_modules/@aws-sdk/${name}/dist-cjs/index.js`)).href;

/** Answers its event and what DynamoDB says to a read of two tables. */
const tellTale = `
  import dynamodb from ${JSON.stringify(sdk('client-dynamodb'))};
  const client = new dynamodb.DynamoDBClient();
  const read = (TableName) => client.send(new dynamodb.GetItemCommand({ TableName, Key: { id: { S: 'x' } } })).then(() => 'read', (error) => error.name);
  export const handler = async (event) => {
    console.log(JSON.stringify(event));
    if (event.requestContext === undefined) return event.protocolData === undefined ? null : { isAuthenticated: false };
    const { SALLYPORT_TABLE_DEVICES: devices, SALLYPORT_RELAY_HOST: host } = process.env;
    return { who: event.requestContext.authorizer, host, devices: await read(devices), relays: await read(devices.replace('Devices704C53B1', 'Relays')) };
  };`;
const keyMaker = `
  export const handler = async (event) => {
    console.log(event.RequestType, Object.keys(event.ResourceProperties).sort().join());
    await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'keys-1', Data: { AnchorKey: 'ssh-ed25519 first' } }) });
  };`;

let assembly: string;
let authority: Authority;
let issuer: TokenIssuer;
let logs: LogFiles;
let state: StateDirectory;
let plane: ControlPlane;

const start = () =>
  startControlPlane({
    assembly,
    place: localPlace,
    state,
    logs,
    authority,
    keysOf: () => issuer.keys,
    apiPort: () => 0,
    brokerPort: 0,
    overrides: { SALLYPORT_RELAY_HOST: 'of-this-machine' },
  });
const lines: string[] = [];
/** Resolves to the first line of the functions' log that matches, past or to come. */
const line = (pattern: RegExp): Promise<string> =>
  new Promise((resolve) => {
    const known = lines.find((one) => pattern.test(one));
    if (known !== undefined) return resolve(known);
    const stop = logs.follow((_, one) => {
      if (!pattern.test(one)) return;
      stop();
      resolve(one);
    });
  });

beforeAll(async () => {
  const assets = join(root, 'assets');
  for (const name of functionNames) {
    mkdirSync(join(assets, 'lambdas', name), { recursive: true });
    writeFileSync(
      join(assets, 'lambdas', name, 'index.mjs'),
      `${name === 'host-keys' ? keyMaker : tellTale}\n// ${name}`,
    );
  }
  issuer = await startTokenIssuer({ audience: 'sallyport', issuer: 'http://127.0.0.1:24180' });
  authority = await createAuthority();
  assembly = await synthesize({ stage: 'local', outdir: join(root, 'assembly'), assets });
  state = takeStateDirectory(join(root, 'state'));
  logs = new LogFiles(join(root, 'logs'));
  logs.follow((name, one) => name === 'functions' && lines.push(one));
  plane = await start();
}, 60_000);

afterAll(async () => {
  await plane.close();
  await issuer.close();
  await logs.close();
  rmSync(root, { recursive: true });
});

const api = (kind: 'jwt' | 'iam') => plane.apis.get(`sallyport-local-${kind}`) ?? '';

const connect = (options: IClientOptions): Promise<MqttClient> =>
  new Promise((resolve, reject) => {
    const client = mqtt.connect({
      protocol: 'mqtts',
      host: '127.0.0.1',
      port: plane.iot.port,
      protocolVersion: 5,
      ca: authority.certificate,
      reconnectPeriod: 0,
      ...options,
    });
    client.once('connect', () => resolve(client));
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });

describe('the control plane of the synthesized templates', () => {
  test('serves the API with tokens, each function with its role and settings', async () => {
    const token = await issuer.token('ada', { groups: ['sallyport-admins'] });
    const url = `${api('jwt')}/v1/devices/pump-7/tunnels`;
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    const response = await fetch(url, { method: 'POST', headers: { authorization: token } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      who: { jwt: { claims: { sub: 'ada', groups: '[sallyport-admins]' } } },
      host: 'of-this-machine',
      devices: 'read',
    });
  });

  test('a permission that is taken away is missed at once', async () => {
    const token = await issuer.token('ada');
    const ask = async () =>
      (await fetch(`${api('jwt')}/v1/devices/a/tunnels`, { method: 'POST', headers: { authorization: token } })).json();
    const owner = plane.policies.store.ownersOf('identity').find((name) => name.includes('TunnelRequestRole')) ?? '';
    const restore = plane.policies.store.replacePolicies(owner, []);
    expect(await ask()).toMatchObject({ devices: 'AccessDeniedException' });
    restore();
    expect(await ask()).toMatchObject({ devices: 'read' });
  });

  test('a device connects with its certificate, and its event reaches the function by basic ingest', async () => {
    const { certificate, privateKey } = await authority.issueDevice('pump-7');
    plane.devices.add({
      thingName: 'pump-7',
      thingTypeName: deviceThingType,
      certificatePem: certificate,
      policyName: devicePolicy,
    });
    const client = await connect({ clientId: 'pump-7', cert: certificate, key: privateKey });
    await client.publishAsync(basicIngest(rules.deviceEvents, topics.events('pump-7')), '{"v":1}', { qos: 1 });
    expect(await line(/-FunctionsDeviceEvent.* .*"device":"pump-7".*/)).toContain(
      Buffer.from('{"v":1}').toString('base64'),
    );
    await client.endAsync();
  });

  test('an operator is admitted to MQTT by the function that the authorizer names', async () => {
    const username = `ada?x-amz-customauthorizer-name=${operatorAuthorizer}`;
    await expect(connect({ clientId: 'o-0', username, password: 'token' })).rejects.toThrow('Not authorized');
    expect(await line(/-FunctionsMqttAuthorizer.* .*/)).toContain('"clientId":"o-0"');
  });

  test('changes of tunnels and the clock drive their functions', async () => {
    const table = String(plane.outputs['sallyport-local-stateful']?.TableTunnels);
    const { status } = await plane.dynamodb.call('PutItem', { TableName: table, Item: { id: { S: 't-1' } } });
    expect(status).toBe(200);
    expect(await line(/-FunctionsNotify.* .*"eventName":"INSERT".*/)).toContain('"id":{"S":"t-1"}');
    await plane.schedules.run('EachMinute');
    expect(await line(/-FunctionsSweep.* .*/)).toContain('Scheduled Event');
  });

  test('tasks carry the environment of the templates', () => {
    const [relay] = plane.tasks.filter(({ family }) => family.includes('relay'));
    expect(relay?.containers[0]?.environment).toMatchObject({
      SALLYPORT_TABLE_RELAYS: plane.outputs['sallyport-local-stateful']?.TableRelays,
      SALLYPORT_PROXY_PROTOCOL: 'required',
    });
  });

  test('what the maker of keys answers is an output, at the second start too', async () => {
    const key = () => plane.outputs['sallyport-local-control']?.AnchorKey;
    expect(key()).toBe('ssh-ed25519 first');
    await plane.close();
    plane = await start();
    expect(key()).toBe('ssh-ed25519 first');
  });

  test('a second start finds the state of the first and creates nothing twice', async () => {
    const table = String(plane.outputs['sallyport-local-stateful']?.TableTunnels);
    const kept: readonly { arn: string }[] = JSON.parse(readFileSync(state.file('secrets.json'), 'utf8'));
    const arn = kept.find((secret) => secret.arn.includes('LinkKey'))?.arn ?? '';
    const linkKey = () => plane.secrets.version(plane.secrets.get(arn), {}).value;
    // Empty until its maker fills it, which here is a tell-tale.
    expect(linkKey).toThrow(/AWSCURRENT/);
    plane.secrets.put(plane.secrets.get(arn), 'first', { value: 'what the maker put', binary: false });
    await plane.close();
    plane = await start();
    const { body } = await plane.dynamodb.call('GetItem', { TableName: table, Key: { id: { S: 't-1' } } });
    expect(body).toEqual({ Item: { id: { S: 't-1' } } });
    expect(linkKey()).toBe('what the maker put');
    expect(plane.devices.thing('pump-7')).toMatchObject({ thingTypeName: deviceThingType });
    const created = lines.filter((one) => one.includes(' Create '));
    expect(created).toEqual([
      expect.stringContaining(
        'AnchorKeySecret,HostKeysSecret,LinkKeySecret,PinsSecret,RouterHostKeysSecret,ServiceTimeout,ServiceToken',
      ),
    ]);
  });
});

test('a state directory has one user at a time', () => {
  expect(() => takeStateDirectory(state.path)).not.toThrow();
  writeFileSync(state.file('lock'), '1');
  expect(() => takeStateDirectory(state.path)).toThrow(/process 1 runs a local system/);
  writeFileSync(state.file('lock'), '4194304');
  expect(() => takeStateDirectory(state.path)).not.toThrow();
});

import { createSignedApi } from '../../../adapters/aws/operator-api.ts';
import { createSignedFetch } from '../../../adapters/aws/signed-fetch.ts';
import { createWebClient } from '../../../adapters/https/web-client.ts';
import { createJumpClient } from '../../../adapters/ssh/jump-client.ts';
import { canaryDevice, canarySteps } from '../../../core/canary-steps.ts';
import { createEventHub } from '../../../core/events.ts';
import { operatorOfRole } from '../../../core/model/operator-claims.ts';
import { registerCanaryKey } from '../../../core/use-cases/register-canary-key.ts';
import { type CanaryPorts, runCanary } from '../../../core/use-cases/run-canary.ts';
import { roleId } from '../../../local/cloudformation/role-id.ts';
import { mustCall } from '../../../local/system/local-operator.ts';
import { synthesizeStage } from '../../stacks/stage.ts';
import { statementsOf } from '../../stacks/statements.ts';
import { startTestSystem, type TestDevice, type TestSystem } from '../../support/system.ts';

// The canary as it runs in the cloud, against the whole system: its role's own statements, IAM's signatures, SSH, TLS.

const roleArn = 'arn:aws:iam::000000000000:role/canary';
const lambdaTrust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
};

/** What the template grants the canary's role, with the local API in the place of the cloud's. */
const canaryStatements = () => {
  const { templates } = synthesizeStage({ profile: 'small', canary: true, domain: 'tunnels.example.com' });
  return templates
    .flatMap(statementsOf)
    .filter(({ role, actions }) => role.startsWith('Canary') && actions.includes('execute-api:Invoke'))
    .map(({ actions, resources }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources.map((resource) =>
        resource.replace(/^.*\/\$default\//, 'arn:aws:execute-api:*:*:*/$default/'),
      ),
    }));
};

type Told = { readonly steps: Record<string, number>; readonly errors: Record<string, string> };

let system: TestSystem;
let device: TestDevice;
let ports: Omit<CanaryPorts, 'hub'>;
let operator: string;

const run = async (change: Partial<CanaryPorts> = {}): Promise<Told> => {
  const told: Told = { steps: {}, errors: {} };
  const hub = createEventHub({
    process: 'canary',
    log: {
      write: ({ fields }) => {
        if (fields.step !== undefined) told.errors[String(fields.step)] = String(fields.error);
      },
    },
    metrics: {
      count: () => undefined,
      gauge: (name, value, labels) => {
        if (name === 'canary') told.steps[labels?.step ?? ''] = value;
      },
      observe: () => undefined,
    },
    audit: { append: async () => undefined },
    clock: ports.clock,
  });
  await runCanary({ ...ports, hub, ...change });
  return told;
};

const grant = { principal: '', devices: canaryDevice, services: ['ssh', 'web'] };

beforeAll(async () => {
  system = await startTestSystem({ relayCount: 1 });
  device = await system.device(canaryDevice);
  const { plane } = system;
  plane.policies.principals.register({
    name: 'canary',
    arn: roleArn,
    documents: [{ Version: '2012-10-17', Statement: canaryStatements() }],
    trust: lambdaTrust,
  });
  const credentials = plane.endpoint.issueCredentials(roleArn, { sessionName: 'canary' });
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const api = createSignedApi(
    createSignedFetch({
      service: 'execute-api',
      region: plane.place.region,
      endpoint: system.iamApi,
      credentials: async () => credentials,
      now: clock.now,
      timeoutMilliseconds: 30_000,
    }),
  );
  const router = { host: '127.0.0.1', port: system.routerPort };
  const jump = createJumpClient(router);
  ports = {
    api,
    jump,
    web: createWebClient({ ...router, ca: system.authority.certificate }),
    domain: system.domain,
    clock,
    timers: {
      schedule(milliseconds, act) {
        const timeout = setTimeout(act, milliseconds);
        return { cancel: () => clearTimeout(timeout) };
      },
    },
  };
  operator = await registerCanaryKey(api, jump);
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const all = (value: number) => Object.fromEntries(canarySteps.map((step) => [step, value]));

test('its operator is its role', () => {
  expect(operator).toBe(operatorOfRole(system.plane.place.account, roleId(roleArn)));
});

test('without a grant it reaches nothing, and says at which step', async () => {
  const { steps, errors } = await run();
  expect(steps).toEqual({ ...all(0), https: 1 });
  expect(errors.request).toMatch(/404 not_found/);
  expect(errors.open).toBe('the step before it failed');
}, 60_000);

test('with one it opens real tunnels by every way in and leaves none behind', async () => {
  await mustCall(system.ada, 'POST', '/v1/grants', { ...grant, principal: `operator:${operator}` });
  expect(await run()).toEqual({ steps: all(1), errors: {} });
  const { tunnels } = await mustCall<{ readonly tunnels: readonly { readonly state: string }[] }>(
    system.ada,
    'GET',
    `/v1/tunnels?device=${canaryDevice}`,
  );
  expect(tunnels.length).toBeGreaterThanOrEqual(2);
  expect(tunnels.filter(({ state }) => state !== 'closed')).toEqual([]);
}, 60_000);

test('another host key at the end is a failure, however well it answers', async () => {
  const { jump } = ports;
  const other = {
    ...jump,
    reach: async () => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFub3RoZXIga2V5IHRoYXQgbm9ib2R5IGtub3dz',
  };
  const { steps, errors } = await run({ jump: other });
  expect(steps).toMatchObject({ request: 1, open: 1, jump: 0, demand: 0 });
  expect(errors.jump).toMatch(/not the canary device/);
}, 60_000);

test('a device that is gone, and an untrusted certificate, are told apart', async () => {
  await device.agent.stop();
  const web = createWebClient({ host: '127.0.0.1', port: system.routerPort });
  const { steps, errors } = await run({ web });
  expect(steps).toMatchObject({ request: 0, demand: 0, https: 0 });
  expect(errors.request).toMatch(/device_offline|device_silent/);
  expect(errors.https).toMatch(/certificate/);
}, 60_000);

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDynamoTunnels } from '../../../adapters/dynamodb/tunnels.ts';
import { type LocalOperator, makeKey, mustCall, registerKey } from '../../../local/system/local-operator.ts';
import { aTunnel, minutes } from '../rows.ts';
import { crewGroup, type Stage } from './actors.ts';
import { expectCode, expectStatus, type Step, step } from './step.ts';

type Call = readonly [method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>];

/** What people ask of the API. */
export const apiSteps = (stage: Stage): readonly Step[] => {
  const { system, device, absent } = stage;
  const { ada } = system;
  const path = `/v1/devices/${encodeURIComponent(device.identity.id)}`;

  /** One call, by an administrator unless somebody else is named. */
  const call = (name: string, status: number, [method, at, body, headers]: Call, who?: () => Promise<LocalOperator>) =>
    ({
      name,
      ready: async () => {
        const operator = (await who?.()) ?? ada;
        return { act: async () => expectStatus(await operator.call(method, at, body, headers), status) };
      },
    }) satisfies Step;

  /** A change of an open tunnel by whoever opened it. */
  const onOpen = (name: string, act: (operator: LocalOperator, id: string) => Promise<void>): Step => ({
    name,
    ready: async () => {
      const operator = await stage.crew();
      const { id } = await stage.open(operator);
      return { act: () => act(operator, id), after: () => stage.closeAll(operator) };
    },
  });

  return [
    {
      name: 'open a tunnel',
      ready: async () => {
        const operator = await stage.crew();
        return { act: async () => void (await stage.open(operator)), after: () => stage.closeAll(operator) };
      },
    },
    {
      name: 'request a tunnel under a key',
      ready: async () => {
        const operator = await stage.crew();
        const body = { service: 'ssh', deliver: false };
        return {
          act: async () => {
            for (let time = 0; time < 2; time += 1)
              expectStatus(await operator.call('POST', `${path}/tunnels`, body, { 'idempotency-key': 'one' }), 201);
          },
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'request a tunnel with a function that starts anew',
      shows: /FunctionsTunnelRequestRole.*SecretPins/,
      ready: async () => {
        const operator = await stage.crew();
        await recycle(stage, 'FunctionsTunnelRequestFunction');
        return { act: async () => void (await stage.open(operator)), after: () => stage.closeAll(operator) };
      },
    },
    {
      name: 'request a tunnel to a device that is away',
      ready: async () => {
        const operator = await stage.crew();
        const at = `/v1/devices/${encodeURIComponent(absent)}/tunnels`;
        const headers = () => ({ 'idempotency-key': randomUUID() });
        const body = { service: 'ssh' };
        return { act: async () => expectCode(await operator.call('POST', at, body, headers()), 'device_offline') };
      },
    },
    {
      name: 'wait for a tunnel that does not open',
      shows: /TunnelGetRole.*Once/,
      ready: async () => {
        const operator = await stage.crew();
        const { id } = await stage.request(operator, { service: 'ssh', deliver: false });
        return {
          act: async () => expectStatus(await operator.call('GET', `/v1/tunnels/${id}?wait=1`), 200),
          after: () => stage.closeAll(operator),
        };
      },
    },
    onOpen('change a tunnel', async (operator, id) =>
      expectStatus(await operator.call('PATCH', `/v1/tunnels/${id}`, { ttlSeconds: 7_200, allow: [] }), 200),
    ),
    onOpen('close a tunnel', async (operator, id) =>
      expectStatus(await operator.call('DELETE', `/v1/tunnels/${id}`), 200),
    ),
    call('list own tunnels', 200, ['GET', '/v1/tunnels']),
    call('list the tunnels of a device', 200, ['GET', `/v1/tunnels?device=${encodeURIComponent(device.identity.id)}`]),
    call('list devices', 200, ['GET', '/v1/devices?prefix=P'], stage.crew),
    call('find devices by attribute', 200, ['GET', '/v1/devices?attribute=site=north'], stage.crew),
    call('look at a device', 200, ['GET', `${path}?presence=true`], stage.crew),
    {
      name: 'change a device',
      ready: async () => {
        const at = `/v1/devices/new-${randomUUID()}`;
        return {
          act: async () => {
            expectStatus(await ada.call('PATCH', at, { attributes: { site: 'north', line: '1' } }), 200);
            expectStatus(await ada.call('PATCH', at, { attributes: { site: 'south' } }), 200);
          },
        };
      },
    },
    call('list relays', 200, ['GET', '/v1/relays']),
    {
      name: 'register an SSH key and take it away',
      ready: async () => {
        const operator = await stage.crew();
        const file = join(system.directory, `key-${randomUUID()}`);
        await makeKey(file);
        return {
          act: async () => {
            await registerKey(operator, file);
            type Keys = { readonly keys: readonly { readonly fingerprint: string }[] };
            const { keys } = await mustCall<Keys>(operator, 'GET', '/v1/me/keys');
            const fingerprint = encodeURIComponent(keys[0]?.fingerprint ?? '');
            expectStatus(await operator.call('DELETE', `/v1/me/keys/${fingerprint}`), 204);
          },
        };
      },
    },
    call('say who I am', 200, ['GET', '/v1/me'], stage.crew),
    step('make a grant, list and remove it', async () => {
      const grant = { principal: `group:${randomUUID()}`, devices: 'x', services: ['ssh'] };
      const made = await ada.call<{ readonly id: string }>('POST', '/v1/grants', grant, {
        'idempotency-key': randomUUID(),
      });
      expectStatus(made, 201);
      const principal = encodeURIComponent(grant.principal);
      expectStatus(await ada.call('GET', `/v1/grants?principal=${principal}`), 200);
      expectStatus(await ada.call('DELETE', `/v1/grants/${principal}/${made.body.id}`), 204);
    }),
    call('read the audit records of a device', 200, [
      'GET',
      `/v1/audit?device=${encodeURIComponent(device.identity.id)}`,
    ]),
    call('read the audit records of an operator', 200, ['GET', `/v1/audit?operator=o${'a'.repeat(25)}`]),
    call('have a device told of', 200 + 1, ['POST', '/v1/watches', { device: 'x', minutes: 1 }]),
    {
      name: 'ask for health while a tunnel is overdue',
      ready: async () => {
        const tunnels = createDynamoTunnels(stage.bare('tunnels'));
        await tunnels.create(aTunnel({ createdAt: Date.now() - minutes(30), endsAt: Date.now() - minutes(20) }));
        return {
          act: async () => {
            const answer = await ada.call<{ readonly status: number }>('GET', '/v1/health');
            expectStatus(answer, 200);
            if (answer.body.status === 0) throw new Error(`not well: ${JSON.stringify(answer.body)}`);
          },
        };
      },
    },
  ];
};

/** What a group that is not of administrators may. */
export const crewGrant = { principal: `group:${crewGroup}`, devices: '*', services: ['*'] };

/** Has a function start anew, so that it remembers nothing. */
export async function recycle({ system }: Pick<Stage, 'system'>, logicalId: string): Promise<void> {
  const found = system.plane.functions.all().find((one) => one.logicalId.startsWith(logicalId));
  if (found === undefined) throw new Error(`no function is called ${logicalId}`);
  await system.plane.functions.recycle(found.arn);
}

import { createDynamoChanges } from '../../../adapters/dynamodb/changes.ts';
import { createDynamoOnce } from '../../../adapters/dynamodb/once.ts';
import { createDynamoPortClaims } from '../../../adapters/dynamodb/port-claims.ts';
import { createDynamoTunnels } from '../../../adapters/dynamodb/tunnels.ts';
import type { DeviceView } from '../../../core/wire/device-view.ts';
import { type LocalOperator, mustCall } from '../../../local/system/local-operator.ts';
import { eventually } from '../eventually.ts';
import { httpsGet } from '../https-get.ts';
import { rowsOf } from '../row-counts.ts';
import type { Stage } from './actors.ts';
import { recycle } from './api-steps.ts';
import { expectStatus, type Step } from './step.ts';

/** Where a relay of this file's own listens. */
const spareHost = '127.0.1.77';

/** What relays and routers do. */
export const processSteps = (stage: Stage): readonly Step[] => {
  const { system, device } = stage;
  const { dataPlane, domain, ada } = system;
  const tunnels = createDynamoTunnels(stage.bare('tunnels'));
  const claims = createDynamoPortClaims(stage.bare('portClaims'));
  const changes = createDynamoChanges(stage.bare('changes'));
  const onceNotes = createDynamoOnce(stage.bare('once'));

  const labelOf = async () =>
    (await mustCall<DeviceView>(ada, 'GET', `/v1/devices/${encodeURIComponent(device.identity.id)}`)).label;

  const page = async (routerPort: number, host: string, { token }: LocalOperator) =>
    expectStatus(await httpsGet({ ...system, routerPort }, host, { token, path: '/nonce' }), 200);

  /** Somebody who has signed in, without which no router opens anything. */
  const visitor = async () => {
    const operator = await stage.crew();
    await mustCall(operator, 'GET', '/v1/me');
    return operator;
  };

  const jumpStep = (name: string, before: () => Promise<void>): Step => ({
    name,
    ready: async () => {
      const operator = await visitor();
      const host = `web--${await labelOf()}.${domain}`;
      await before();
      return { act: () => page(system.routerPort, host, operator), after: () => stage.closeAll(operator) };
    },
  });

  return [
    jumpStep('a page by the device name', async () => undefined),
    {
      ...jumpStep('a page by the device name, of a function that starts anew', () =>
        recycle(stage, 'FunctionsOpenForJumpFunction'),
      ),
      shows: /OpenForJumpRole.*SecretPins/,
    },
    {
      name: 'a page by the device name, through a router that starts',
      shows: /RouterTaskRole/,
      ready: async () => {
        const operator = await visitor();
        const host = `web--${await labelOf()}.${domain}`;
        return {
          act: async () => {
            const { child } = await dataPlane.startRouter(0);
            try {
              await page(Number(child.ready.port), host, operator);
            } finally {
              await child.stop();
            }
          },
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'a page by server id and port',
      ready: async () => {
        const operator = await visitor();
        const { serverId, port } = await stage.open(operator, 'web');
        return {
          act: () => page(system.routerPort, `${port}-${serverId}.${domain}`, operator),
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'a page by a link, through a router that starts',
      shows: /RouterTaskRole.*(?:LinkKey|Once)|TunnelLinkRole/,
      ready: async () => {
        const operator = await visitor();
        const { id } = await stage.open(operator, 'web');
        await recycle(stage, 'FunctionsTunnelLinkFunction');
        const host = `t-${id}.${domain}`;
        return {
          act: async () => {
            const { child } = await dataPlane.startRouter(0);
            try {
              const at = { ...system, routerPort: Number(child.ready.port) };
              const { url } = await mustCall<{ readonly url: string }>(operator, 'POST', `/v1/tunnels/${id}/links`, {});
              const { pathname, search } = new URL(url);
              const { cookie } = await httpsGet(at, host, { path: `${pathname}${search}` });
              if (cookie === undefined) throw new Error('the link was refused');
              expectStatus(await httpsGet(at, host, { cookie, path: '/nonce' }), 200);
            } finally {
              await child.stop();
            }
          },
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'a page while somebody else seems to open the tunnel',
      ready: async () => {
        const operator = await stage.crew();
        const { operator: id } = await mustCall<{ readonly operator: string }>(operator, 'GET', '/v1/me');
        const host = `web--${await labelOf()}.${domain}`;
        return {
          act: async () => {
            const key = `jump:${device.identity.id}:web:${id}`;
            const now = Date.now();
            await onceNotes.claim({ key, value: 'aaaaaaaaaaaaaaaa', endsAt: now + 300 }, now);
            const { token } = operator;
            const answer = await httpsGet(system, host, { token, path: '/nonce' });
            // The other never came to it.
            if (!answer.body.includes('"busy"')) throw new Error(`answered ${answer.status}: ${answer.body}`);
          },
        };
      },
    },
    {
      name: 'the device speaks SSH, through a router that starts',
      shows: /RouterTaskRole.*OperatorKeys/,
      ready: async () => {
        await system.writeSshConfig();
        const target = `ssh--${await labelOf()}.${domain}:22`;
        // It has the host keys of the other router, under a port of its own.
        const trusting = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
        return {
          act: async () => {
            const { child } = await dataPlane.startRouter(0);
            try {
              const ran = await system.ssh(
                [...trusting, '-p', String(child.ready.port), '-W', target, '127.0.0.1'],
                '',
              );
              if (!ran.out.startsWith('SSH-2.0-')) throw new Error(`it said nothing: ${ran.err}`);
            } finally {
              await child.stop();
            }
          },
          after: () => stage.closeAll(ada),
        };
      },
    },
    {
      name: 'a relay starts and stops',
      shows: /RelayTaskRole.*(?:Relays|SecretHostKeys)/,
      ready: async () => ({
        act: async () => {
          const { child } = await dataPlane.startRelay(spareHost);
          await child.stop();
        },
      }),
    },
    {
      name: 'the device keys change while it is connected',
      shows: /RelayTaskRole.*DevicesGetItem/,
      ready: async () => ({
        act: async () => {
          let looked: true | undefined;
          const stop = system.plane.endpoint.follow(({ callerArn, operation }) => {
            if (callerArn.includes('RelayTaskRole') && operation === 'GetItem') looked = true;
          });
          try {
            const at = `/v1/devices/${encodeURIComponent(device.identity.id)}`;
            expectStatus(await ada.call('PATCH', at, { keys: [] }), 200);
            await eventually(() => looked, 'the look of the relay');
          } finally {
            stop();
          }
        },
      }),
    },
    {
      name: 'a tunnel comes to its end at its relay',
      ready: async () => {
        const operator = await stage.crew();
        const { id, device: of, port = 0, serverId = '' } = await stage.open(operator);
        const claimed = await claims.get(port, serverId);
        return {
          act: async () => {
            const now = Date.now();
            await tunnels.change(id, { endsAt: now + 1_200 }, now);
            await changes.append({ kind: 'tunnel_changed', tunnel: id, device: of }, now);
            const rests = async () => {
              const claim = await claims.get(port, serverId);
              return claim?.restUntil === claimed?.restUntil ? undefined : true;
            };
            await eventually(rests, 'the rest of its port');
          },
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'another relay takes a tunnel over',
      ready: async () => {
        const operator = await stage.crew();
        const { id, epoch } = await stage.open(operator);
        const before = dataPlane.relays.filter(({ child }) => child.running);
        return {
          act: async () => {
            await dataPlane.startRelay(`127.0.2.${dataPlane.relays.length}`);
            await Promise.all(before.map(({ child }) => child.stop()));
            const look = async () => {
              const row = await tunnels.get(id);
              return row?.state === 'open' && row.epoch > epoch ? true : undefined;
            };
            await eventually(look, 'its return');
          },
          after: () => stage.closeAll(operator),
        };
      },
    },
    {
      name: 'a tunnel is closed while a relay takes it',
      ready: async () => {
        const operator = await stage.crew();
        const { operator: asker } = await mustCall<{ readonly operator: string }>(operator, 'GET', '/v1/me');
        const claimsOf = async (tunnel: string) =>
          (await rowsOf(system, 'portClaims')).filter((row) => JSON.stringify(row).includes(tunnel));
        return {
          act: async () => {
            const target = { table: stage.bare('tunnels').table };
            const { endpoint } = system.plane;
            endpoint.setFault(target, { kind: 'delay', operations: ['UpdateItem'], milliseconds: 2_000 });
            try {
              const requested = stage.request(operator, { service: 'ssh' }).catch(() => undefined);
              const page = () => tunnels.listByOperator(asker, { limit: 1 });
              const { id } = await eventually(async () => (await page()).rows[0], 'the tunnel');
              const isClaimed = async () => ((await claimsOf(id)).length > 0 ? true : undefined);
              await eventually(isClaimed, 'the claim');
              await tunnels.close(id, 'policy', { now: Date.now() });
              endpoint.setFault(target, undefined);
              await eventually(async () => ((await claimsOf(id)).length === 0 ? true : undefined), 'the release');
              await requested;
            } finally {
              endpoint.setFault(target, undefined);
            }
          },
        };
      },
    },
  ];
};

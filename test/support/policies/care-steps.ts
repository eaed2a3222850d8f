import { createDynamoAuditReader } from '../../../adapters/dynamodb/audit-reader.ts';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createDynamoPortClaims } from '../../../adapters/dynamodb/port-claims.ts';
import { createDynamoRelays } from '../../../adapters/dynamodb/relays.ts';
import { createDynamoTunnels } from '../../../adapters/dynamodb/tunnels.ts';
import { verifyAudit } from '../../../core/use-cases/verify-audit.ts';
import { eventually } from '../eventually.ts';
import { roleClient } from '../role-client.ts';
import { aRelay, aTake, aTunnel, minutes } from '../rows.ts';
import type { Stage } from './actors.ts';
import type { Step } from './step.ts';

/** What the clock and an auditor do. */
export const careSteps = (stage: Stage): readonly Step[] => {
  const { system } = stage;
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const tunnels = createDynamoTunnels(stage.bare('tunnels'));
  const claims = createDynamoPortClaims(stage.bare('portClaims'));
  const relays = createDynamoRelays({ ...stage.bare('relays'), clock });

  return [
    {
      name: 'the sweep ends what is overdue and frees what a dead relay held',
      ready: async () => {
        const now = Date.now();
        const dead = aRelay();
        await relays.register(dead);
        const fresh = aRelay();
        await relays.register(fresh);
        await relays.noteSighting(dead.serverId, { lease: dead.lease, firstSeenAt: now - minutes(1) });
        const times = { createdAt: now - 1_000, endsAt: now + minutes(30) };
        const held = aTunnel(times);
        await tunnels.create(held);
        await tunnels.take(aTake(held, { holder: { serverId: dead.serverId, worker: 0 } }), now);
        const overdue = aTunnel({ ...times, endsAt: now + 50 });
        const take = aTake(overdue);
        await tunnels.create(overdue);
        await claims.claim(
          { port: take.port, space: take.space, tunnel: overdue.id, restUntil: now + minutes(30) },
          now,
        );
        await tunnels.take(take, now);
        await eventually(() => (Date.now() > overdue.endsAt ? true : undefined), 'its end');
        return {
          act: async () => {
            await system.plane.schedules.run('EachMinute');
            const states = await Promise.all([held, overdue].map(async ({ id }) => (await tunnels.get(id))?.state));
            if (states.join() !== 'interrupted,closed') throw new Error(`the tunnels are ${states.join()}`);
          },
          after: async () => {
            await Promise.all([dead, fresh].map(({ serverId }) => relays.remove(serverId)));
          },
        };
      },
    },
    {
      name: 'the audit log is verified',
      ready: async () => {
        const { place, roles, policies } = system.plane;
        const arn = policies.store.ownersOf('trust').find((owner) => owner.includes('AuditorRole')) ?? '';
        const variables = roles.variables(arn.slice(arn.indexOf('arn:')), 'audit-verify');
        const client = createDynamoClient(roleClient(variables, place.region));
        const reader = createDynamoAuditReader({ ...stage.bare('audit'), client });
        return {
          act: async () => {
            for await (const { chain, verdict } of verifyAudit(reader, { days: 1, now: Date.now() }))
              if (!verdict.sound) throw new Error(`${chain} is not sound`);
          },
          after: async () => client.destroy(),
        };
      },
    },
  ];
};

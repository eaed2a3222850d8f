import { randomUUID } from 'node:crypto';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import type { TableOptions } from '../../../adapters/dynamodb/table.ts';
import { type TableNoun, tables } from '../../../core/names.ts';
import type { TunnelView } from '../../../core/wire/tunnel-view.ts';
import { serveDynamoDb } from '../../../local/dynamodb/server.ts';
import { type LocalOperator, mustCall, signIn } from '../../../local/system/local-operator.ts';
import type { TestDevice, TestSystem } from '../system.ts';
import { expectStatus } from './step.ts';

/** The group of those who are no administrators and may reach every device. */
export const crewGroup = 'crew';

/** What the steps of the flow have in common. */
export interface Stage {
  readonly system: TestSystem;
  /** A device whose agent runs. Its id is no DNS label, so that its name is found by an index. */
  readonly device: TestDevice;
  /** A device that said hello once and then left. */
  readonly absent: string;
  /** Somebody who was never seen before: nothing is remembered of them. */
  crew(): Promise<LocalOperator>;
  request(operator: LocalOperator, body: object, device?: string): Promise<TunnelView>;
  open(operator: LocalOperator, service?: string): Promise<TunnelView>;
  closeAll(operator: LocalOperator): Promise<void>;
  /** A table without anybody's permissions: what the test itself puts there. */
  bare(noun: TableNoun): TableOptions;
  close(): Promise<void>;
}

export async function setStage(system: TestSystem, device: TestDevice, absent: string): Promise<Stage> {
  const served = await serveDynamoDb(system.plane.dynamodb);
  const { region } = system.plane.place;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createDynamoClient({ endpoint: served.url, region, credentials });
  const outputs = system.plane.outputs['sallyport-local-stateful'];
  const pathOf = (id: string) => `/v1/devices/${encodeURIComponent(id)}/tunnels`;
  const request = (operator: LocalOperator, body: object, id = device.identity.id) =>
    mustCall<TunnelView>(operator, 'POST', pathOf(id), body);
  return {
    system,
    device,
    absent,
    crew: () => signIn(system, `crew-${randomUUID()}`, [crewGroup]),
    request,
    async open(operator, service = 'ssh') {
      const { id } = await request(operator, { service });
      const view = await mustCall<TunnelView>(operator, 'GET', `/v1/tunnels/${id}?wait=3`);
      if (view.state !== 'open')
        throw new Error(`the tunnel is ${view.state} (${view.reason ?? ''} ${view.detail ?? ''})`);
      return view;
    },
    async closeAll(operator) {
      const { tunnels } = await mustCall<{ readonly tunnels: readonly TunnelView[] }>(operator, 'GET', '/v1/tunnels');
      for (const { id, state } of tunnels)
        if (state !== 'closed') expectStatus(await operator.call('DELETE', `/v1/tunnels/${id}`), 200);
    },
    bare: (noun) => ({ client, table: String(outputs?.[`Table${tables[noun]}`]) }),
    async close() {
      client.destroy();
      await served.close();
    },
  };
}

import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { createDynamoPortClaims } from '../../adapters/dynamodb/port-claims.ts';
import { rowOfItem } from '../../adapters/dynamodb/standing-row.ts';
import { rowOfTunnel, type TunnelRow, tunnelOfRow } from '../../adapters/dynamodb/tunnel-row.ts';
import { createDynamoTunnels } from '../../adapters/dynamodb/tunnels.ts';
import { candidatePort, type PortClaim } from '../../core/model/port-claim.ts';
import { sharedSpace, type TableNoun, tables as tableNames } from '../../core/names.ts';
import { gate } from './actors.ts';
import type { Tables } from './dynamodb.ts';
import { type LedgerState, Violation } from './ledger-oracle.ts';
import type { Store } from './ledger-world.ts';

/**
 * The DynamoDB adapters against the stand-in; here every request of a client waits at the gate, so that schedules cut
 * through the adapters' own reads and writes as well.
 */
export const createDynamoStore = (tables: Tables): Store => {
  const made = new Set<string>();
  /** The state, until something is written. */
  let known: LedgerState | undefined;
  const spaces = new Set([sharedSpace]);
  const ports = [0, 1].flatMap((start) => [0, 1, 2, 3].map((attempt) => candidatePort(start, attempt)));

  return {
    forActor: (actor, now) => {
      if (actor.intent.kind === 'take') spaces.add(actor.intent.serverId);
      const send = tables.client.send.bind(tables.client) as (command: unknown) => Promise<unknown>;
      const client = {
        send: (command: unknown) =>
          gate(actor, now, () => {
            if (!(command instanceof GetCommand)) known = undefined;
            return send(command);
          }),
      } as unknown as DynamoDBDocumentClient;
      return {
        tunnels: createDynamoTunnels({ ...tables.options('tunnels'), client }),
        claims: createDynamoPortClaims({ ...tables.options('portClaims'), client }),
      };
    },
    create: (tunnel) => {
      made.add(tunnel.id);
      known = undefined;
      return createDynamoTunnels(tables.options('tunnels')).create(tunnel);
    },
    state: async () => {
      if (known !== undefined) return known;
      const rows = await readAll(
        tables,
        'tunnels',
        [...made].map((id) => ({ id: { S: id } })),
      );
      const tunnels = rows.map((row) => tunnelOfRow(row as TunnelRow));
      // What the indexes and TTL go by follows from the tunnel, after every kind of write.
      if (!isDeepStrictEqual(rows, tunnels.map(rowOfTunnel)))
        throw new Violation('a row disagrees with its index keys');
      const places = new Set([
        ...[...spaces].flatMap((space) => ports.map((port) => `${port}/${space}`)),
        ...tunnels.flatMap(({ port, space }) => (port === undefined ? [] : `${port}/${space}`)),
      ]);
      const keys = [...places].map((place) => {
        const [port = '', space = ''] = place.split('/');
        return { port: { N: port }, space: { S: space } };
      });
      const claims = (await readAll(tables, 'portClaims', keys)) as readonly PortClaim[];
      known = {
        tunnels: new Map(tunnels.map((row) => [row.id, row])),
        claims: new Map(claims.map((row) => [`${row.port}/${row.space}`, row])),
      };
      return known;
    },
    expire: async (now) => {
      known = undefined;
      await tables.standIn.expire(Math.floor(now / 1_000));
    },
  };
};

/** Past the client and the network: the state is read after every step. */
const readAll = async (
  { standIn }: Tables,
  noun: TableNoun,
  keys: readonly Record<string, AttributeValue>[],
): Promise<readonly Record<string, unknown>[]> => {
  const table = tableNames[noun];
  const rows: Record<string, unknown>[] = [];
  for (let from = 0; from < keys.length; from += 100) {
    const request = { RequestItems: { [table]: { Keys: keys.slice(from, from + 100), ConsistentRead: true } } };
    const { status, body } = await standIn.call('BatchGetItem', request);
    if (status !== 200) throw new Error(`the stand-in answered ${status}`);
    const { Responses } = body as {
      readonly Responses: Readonly<Record<string, readonly Record<string, AttributeValue>[]>>;
    };
    rows.push(...(Responses[table] ?? []).map(rowOfItem));
  }
  return rows;
};

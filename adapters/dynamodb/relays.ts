import { SallyportError } from '../../core/errors.ts';
import type { LeaseSighting } from '../../core/model/lease-watch.ts';
import { type Relay, relayKeepMilliseconds } from '../../core/model/relay.ts';
import { indexes } from '../../core/names.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Relays } from '../../core/ports/relays.ts';
import { present } from './conditions.ts';
import { purgeAtOf } from './purge-at.ts';
import { queryAll } from './query.ts';
import { openTable, type TableOptions } from './table.ts';

type RelayRow = Omit<Relay, 'serverId'> & {
  readonly id: string;
  /** The same in every row: the partition of the one list. */
  readonly registry: typeof registry;
  readonly doorKey?: string;
  readonly purgeAt?: number;
  readonly watchedLease?: number;
  readonly watchedAt?: number;
};

const registry = 'relays';
/**
 * What everybody but a router may read. Each read names its attributes, and no write asks for the row back, for IAM's
 * `dynamodb:Attributes` compares a request's names and refuses one that names none.
 */
const shown = ['id', 'address', 'doors', 'lease', 'load', 'version', 'startedAt', 'draining'];
const listing = { index: indexes.relaysByRegistry, partition: ['registry', registry] } as const;

const relayOfRow = (row: RelayRow): Relay => {
  const { id: serverId, address, doors, lease, load, version, startedAt, draining } = row;
  return { serverId, address, doors, lease, load, version, startedAt, draining };
};

export const createDynamoRelays = (options: TableOptions & { readonly clock: Clock }): Relays => {
  const table = openTable<RelayRow>(options);
  const purge = () => purgeAtOf(options.clock.now() + relayKeepMilliseconds);

  return {
    async register({ serverId, ...relay }) {
      await table.put({ ...relay, id: serverId, registry, purgeAt: purge() });
    },
    async renew(serverId, lease, load, draining) {
      const change = { set: { lease, load, draining, purgeAt: purge() } };
      if (!(await table.updateUnseen({ id: serverId }, change, present('id'))))
        throw new SallyportError('not_found', { detail: 'the relay is not in the registry' });
    },
    async remove(serverId) {
      await table.remove({ id: serverId });
    },
    async get(serverId) {
      const row = await table.get({ id: serverId }, shown);
      return row === undefined ? undefined : relayOfRow(row);
    },
    async list() {
      return (await queryAll<RelayRow>(table, { ...listing, attributes: shown })).map(relayOfRow);
    },
    async getDoor(serverId) {
      const row = await table.get({ id: serverId }, [...shown, 'doorKey']);
      return row?.doorKey === undefined ? undefined : { ...relayOfRow(row), doorKey: row.doorKey };
    },
    async sightings() {
      const rows = await queryAll<RelayRow>(table, { ...listing, attributes: ['id', 'watchedLease', 'watchedAt'] });
      return new Map(rows.flatMap(sightingOf));
    },
    async noteSighting(serverId, { lease, firstSeenAt }) {
      const set = { watchedLease: lease, watchedAt: firstSeenAt };
      await table.updateUnseen({ id: serverId }, { set }, present('id'));
    },
  };
};

const sightingOf = ({ id, watchedLease, watchedAt }: RelayRow): (readonly [string, LeaseSighting])[] =>
  watchedLease === undefined || watchedAt === undefined ? [] : [[id, { lease: watchedLease, firstSeenAt: watchedAt }]];

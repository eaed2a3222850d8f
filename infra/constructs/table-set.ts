import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { indexes, openRelayAttributes, type TableNoun, tables } from '../../core/names.ts';
import { HouseTable } from './house-table.ts';

/** One table per noun, so that each role's rights are one line per table. */
export class TableSet extends Construct {
  readonly byNoun: Readonly<Record<TableNoun, HouseTable>>;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly key: IKey;
      /** For the copies of audit records. */
      readonly auditStream: boolean;
    },
  ) {
    super(scope, id);
    const { key } = options;
    this.byNoun = {
      devices: new HouseTable(this, tables.devices, {
        key,
        partition: 'id',
        indexes: {
          [indexes.devicesByLabel]: { partition: 'label', holds: 'keys' },
          [indexes.devicesByBucket]: { partition: 'bucket:N', sort: 'id', holds: 'keys' },
          [indexes.devicesByAttribute]: { partition: 'attributeBucket', sort: 'device', holds: 'keys' },
        },
      }),
      tunnels: new HouseTable(this, tables.tunnels, {
        key,
        partition: 'id',
        stream: StreamViewType.NEW_AND_OLD_IMAGES,
        indexes: {
          [indexes.tunnelsByDevice]: { partition: 'device', sort: 'createdAt:N', holds: 'all' },
          [indexes.tunnelsByOperator]: { partition: 'operator', sort: 'createdAt:N', holds: 'all' },
          [indexes.tunnelsByHolder]: { partition: 'holderServer', sort: 'id', holds: 'keys' },
          [indexes.tunnelsByDue]: { partition: 'dueBucket:N', sort: 'dueAt:N', holds: 'keys' },
        },
      }),
      portClaims: new HouseTable(this, tables.portClaims, { key, partition: 'port:N', sort: 'space' }),
      relays: new HouseTable(this, tables.relays, {
        key,
        partition: 'id',
        indexes: {
          [indexes.relaysByRegistry]: {
            partition: 'registry',
            sort: 'id',
            holds: openRelayAttributes.filter((name) => !['id', 'registry', 'purgeAt'].includes(name)),
          },
        },
      }),
      grants: new HouseTable(this, tables.grants, { key, partition: 'principal', sort: 'id' }),
      operatorKeys: new HouseTable(this, tables.operatorKeys, {
        key,
        partition: 'id',
        indexes: { [indexes.keysByOperator]: { partition: 'owner', sort: 'id', holds: 'all' } },
      }),
      audit: new HouseTable(this, tables.audit, {
        key,
        partition: 'chain',
        sort: 'seq:N',
        ...(options.auditStream ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
        indexes: {
          [indexes.auditByDevice]: { partition: 'device', sort: 'at:N', holds: 'all' },
          [indexes.auditByOperator]: { partition: 'operator', sort: 'at:N', holds: 'all' },
          [indexes.auditByDay]: { partition: 'markedDay', sort: 'chain', holds: 'keys' },
        },
      }),
      changes: new HouseTable(this, tables.changes, { key, partition: 'shard:N', sort: 'id' }),
      once: new HouseTable(this, tables.once, { key, partition: 'id' }),
    };
  }
}

import { indexes, openRelayAttributes, type TableNoun, tables } from '../../core/names.ts';
import type { IndexDefinition, KeySchema, TableDefinition } from '../../local/dynamodb/table-definition.ts';

type Attribute = readonly [name: string, type: 'S' | 'N'];
type Index = {
  readonly name: string;
  readonly keys: readonly Attribute[];
  readonly projection: 'ALL' | 'KEYS_ONLY' | readonly string[];
};

const keySchemaOf = (keys: readonly Attribute[]): KeySchema =>
  keys.map(([AttributeName], index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' }));

const indexOf = ({ name, keys, projection }: Index): IndexDefinition => ({
  IndexName: name,
  KeySchema: keySchemaOf(keys),
  Projection:
    typeof projection === 'string'
      ? { ProjectionType: projection }
      : { ProjectionType: 'INCLUDE', NonKeyAttributes: projection },
});

const table = (noun: TableNoun, keys: readonly Attribute[], list: readonly Index[] = []): TableDefinition => {
  const types = new Map([...keys, ...list.flatMap((index) => index.keys)]);
  return {
    tableName: tables[noun],
    keySchema: keySchemaOf(keys),
    attributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    ...(list.length === 0 ? {} : { globalSecondaryIndexes: list.map(indexOf) }),
    ttlAttribute: 'purgeAt',
    ...(noun === 'tunnels' ? { stream: 'NEW_AND_OLD_IMAGES' as const } : {}),
  };
};

const id: Attribute = ['id', 'S'];
const device: Attribute = ['device', 'S'];
const operator: Attribute = ['operator', 'S'];
const createdAt: Attribute = ['createdAt', 'N'];
const at: Attribute = ['at', 'N'];
const shownOfRelay = openRelayAttributes.filter((name) => !['id', 'registry', 'purgeAt'].includes(name));

/** The tables that the adapters need, as the templates define them. */
export const tableDefinitions: Readonly<Record<TableNoun, TableDefinition>> = {
  devices: table(
    'devices',
    [id],
    [
      { name: indexes.devicesByLabel, keys: [['label', 'S']], projection: 'KEYS_ONLY' },
      { name: indexes.devicesByBucket, keys: [['bucket', 'N'], id], projection: 'KEYS_ONLY' },
      { name: indexes.devicesByAttribute, keys: [['attributeBucket', 'S'], device], projection: 'KEYS_ONLY' },
    ],
  ),
  tunnels: table(
    'tunnels',
    [id],
    [
      { name: indexes.tunnelsByDevice, keys: [device, createdAt], projection: 'ALL' },
      { name: indexes.tunnelsByOperator, keys: [operator, createdAt], projection: 'ALL' },
      { name: indexes.tunnelsByHolder, keys: [['holderServer', 'S'], id], projection: 'KEYS_ONLY' },
      {
        name: indexes.tunnelsByDue,
        keys: [
          ['dueBucket', 'N'],
          ['dueAt', 'N'],
        ],
        projection: 'KEYS_ONLY',
      },
    ],
  ),
  portClaims: table('portClaims', [
    ['port', 'N'],
    ['space', 'S'],
  ]),
  relays: table(
    'relays',
    [id],
    [{ name: indexes.relaysByRegistry, keys: [['registry', 'S'], id], projection: shownOfRelay }],
  ),
  grants: table('grants', [['principal', 'S'], id]),
  operatorKeys: table(
    'operatorKeys',
    [id],
    [{ name: indexes.keysByOperator, keys: [['owner', 'S'], id], projection: 'ALL' }],
  ),
  audit: table(
    'audit',
    [
      ['chain', 'S'],
      ['seq', 'N'],
    ],
    [
      { name: indexes.auditByDevice, keys: [device, at], projection: 'ALL' },
      { name: indexes.auditByOperator, keys: [operator, at], projection: 'ALL' },
      {
        name: indexes.auditByDay,
        keys: [
          ['markedDay', 'S'],
          ['chain', 'S'],
        ],
        projection: 'KEYS_ONLY',
      },
    ],
  ),
  changes: table('changes', [['shard', 'N'], id]),
  once: table('once', [id]),
};

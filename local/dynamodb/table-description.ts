import { type Place, streamArn, streamLabel, tableArn } from './database.ts';
import type { Table } from './table.ts';
import type { IndexDefinition } from './table-definition.ts';

/** The table as DescribeTable shows it. Counts are exact here; AWS refreshes its own every six hours. */
export const describeTable = (place: Place, table: Table): Readonly<Record<string, unknown>> => {
  const { definition, id, createdAt } = table.record;
  const arn = tableArn(place, table.name);
  const index = (one: IndexDefinition): Readonly<Record<string, unknown>> => ({
    ...one,
    IndexArn: `${arn}/index/${one.IndexName}`,
  });
  return {
    TableName: table.name,
    TableArn: arn,
    TableId: id,
    TableStatus: 'ACTIVE',
    CreationDateTime: createdAt / 1000,
    KeySchema: definition.keySchema,
    AttributeDefinitions: definition.attributeDefinitions,
    ItemCount: table.size,
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: createdAt / 1000 },
    ...(definition.globalSecondaryIndexes && {
      GlobalSecondaryIndexes: definition.globalSecondaryIndexes.map((one) => ({
        ...index(one),
        IndexStatus: 'ACTIVE',
      })),
    }),
    ...(definition.localSecondaryIndexes && { LocalSecondaryIndexes: definition.localSecondaryIndexes.map(index) }),
    ...(definition.stream && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: definition.stream },
      LatestStreamLabel: streamLabel(table),
      LatestStreamArn: streamArn(place, table),
    }),
  };
};

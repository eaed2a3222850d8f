import { RemovalPolicy } from 'aws-cdk-lib';
import type { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** A key attribute: its name, with `:N` where it is a number. */
export type KeyAttribute = `${string}:N` | string;

export type HouseIndex = {
  readonly partition: KeyAttribute;
  readonly sort?: KeyAttribute;
  /** Everything, the keys alone, or these attributes beside the keys. */
  readonly holds: 'all' | 'keys' | readonly string[];
};

/**
 * A table with the house's defaults: on demand, customer key, point-in-time recovery, kept when the stack goes, TTL by
 * `purgeAt`. `Table` and not `TableV2`, which cannot have a customer key while the stack's Region is open.
 */
export class HouseTable extends Table {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly key: IKey;
      readonly partition: KeyAttribute;
      readonly sort?: KeyAttribute;
      readonly indexes?: Readonly<Record<string, HouseIndex>>;
      readonly stream?: StreamViewType;
    },
  ) {
    super(scope, id, {
      ...keysOf(options.partition, options.sort),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: options.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: 'purgeAt',
      ...(options.stream === undefined ? {} : { stream: options.stream }),
    });
    for (const [indexName, index] of Object.entries(options.indexes ?? {}))
      this.addGlobalSecondaryIndex({ indexName, ...keysOf(index.partition, index.sort), ...projectionOf(index.holds) });
  }
}

const keysOf = (partition: KeyAttribute, sort: KeyAttribute | undefined) => ({
  partitionKey: attributeOf(partition),
  ...(sort === undefined ? {} : { sortKey: attributeOf(sort) }),
});

const attributeOf = (key: KeyAttribute): Attribute =>
  key.endsWith(':N')
    ? { name: key.slice(0, -2), type: AttributeType.NUMBER }
    : { name: key, type: AttributeType.STRING };

const projectionOf = (holds: HouseIndex['holds']) => {
  if (holds === 'all') return { projectionType: ProjectionType.ALL };
  if (holds === 'keys') return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...holds] };
};

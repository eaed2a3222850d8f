import createTableRules from 'dynalite/validations/createTable.js';
import validations from 'dynalite/validations/index.js';

export type KeySchema = readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];

export type IndexDefinition = {
  readonly IndexName: string;
  readonly KeySchema: KeySchema;
  readonly Projection: {
    readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
    readonly NonKeyAttributes?: readonly string[];
  };
};

export type StreamView = 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY';

/** A table as a template describes it; the inner fields are CloudFormation's own, so they can be handed through. */
export type TableDefinition = {
  readonly tableName: string;
  readonly keySchema: KeySchema;
  readonly attributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: 'S' | 'N' | 'B';
  }[];
  readonly globalSecondaryIndexes?: readonly IndexDefinition[];
  readonly localSecondaryIndexes?: readonly IndexDefinition[];
  /** The attribute with the row's last second (epoch seconds); absent means rows never expire. */
  readonly ttlAttribute?: string;
  readonly stream?: StreamView;
};

const keyOf = (schema: KeySchema): KeySchema =>
  schema.map(({ AttributeName, KeyType }) => ({ AttributeName, KeyType }));

const indexOf = ({ IndexName, KeySchema, Projection }: IndexDefinition): IndexDefinition => ({
  IndexName,
  KeySchema: keyOf(KeySchema),
  Projection: {
    ProjectionType: Projection.ProjectionType,
    ...(Projection.NonKeyAttributes === undefined ? {} : { NonKeyAttributes: [...Projection.NonKeyAttributes] }),
  },
});

const byName = <T extends { readonly AttributeName: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => (a.AttributeName < b.AttributeName ? -1 : 1));

/** The same table always gives the same text, so that a kept table can be compared with the one asked for. */
export const normalised = (definition: TableDefinition): TableDefinition => ({
  tableName: definition.tableName,
  keySchema: keyOf(definition.keySchema),
  attributeDefinitions: byName(definition.attributeDefinitions).map(({ AttributeName, AttributeType }) => ({
    AttributeName,
    AttributeType,
  })),
  ...(definition.globalSecondaryIndexes?.length
    ? { globalSecondaryIndexes: definition.globalSecondaryIndexes.map(indexOf) }
    : {}),
  ...(definition.localSecondaryIndexes?.length
    ? { localSecondaryIndexes: definition.localSecondaryIndexes.map(indexOf) }
    : {}),
  ...(definition.ttlAttribute === undefined ? {} : { ttlAttribute: definition.ttlAttribute }),
  ...(definition.stream === undefined ? {} : { stream: definition.stream }),
});

/** The table's key with its types: as long as this is the same, a changed definition can keep the rows. */
export const keyIdentity = ({ keySchema, attributeDefinitions }: TableDefinition): string =>
  JSON.stringify(
    keySchema.map(({ AttributeName, KeyType }) => [
      AttributeName,
      KeyType,
      attributeDefinitions.find((attribute) => attribute.AttributeName === AttributeName)?.AttributeType,
    ]),
  );

/** Refuses what CreateTable refuses: undefined key attributes, two indexes of one name, and so on. */
export const checkDefinition = (wanted: TableDefinition): void => {
  const definition = normalised(wanted);
  const request = validations.checkTypes(
    {
      TableName: definition.tableName,
      KeySchema: definition.keySchema,
      AttributeDefinitions: definition.attributeDefinitions,
      GlobalSecondaryIndexes: definition.globalSecondaryIndexes,
      LocalSecondaryIndexes: definition.localSecondaryIndexes,
      BillingMode: 'PAY_PER_REQUEST',
    },
    createTableRules.types,
  );
  validations.checkValidations(request, createTableRules.types, createTableRules.custom, {});
};

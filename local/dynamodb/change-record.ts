import { randomUUID } from 'node:crypto';
import db from 'dynalite/db/index.js';
import type { Item } from './item.ts';
import type { Change } from './table.ts';
import type { StreamView } from './table-definition.ts';

/** A stream record as a Lambda function gets it in its event. */
export type StreamRecord = {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: {
    /** Epoch seconds, rounded down. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    /** Grows with every record; of constant length, so text order is number order. */
    readonly SequenceNumber: string;
    /** Bytes of the keys and images. */
    readonly SizeBytes: number;
    readonly StreamViewType: StreamView;
  };
  readonly eventSourceARN: string;
  /** Present only on rows that the TTL sweep deleted. */
  readonly userIdentity?: { readonly type: 'Service'; readonly principalId: 'dynamodb.amazonaws.com' };
};

const ttlService = { type: 'Service', principalId: 'dynamodb.amazonaws.com' } as const;

export type RecordContext = {
  readonly view: StreamView;
  readonly region: string;
  readonly streamArn: string;
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly expired: boolean;
};

export const changeRecord = ({ table, before, after }: Change, context: RecordContext): StreamRecord => {
  const images = {
    ...(after !== undefined && context.view.startsWith('NEW') && { NewImage: after }),
    ...(before !== undefined && context.view.includes('OLD') && { OldImage: before }),
  };
  const keys = keysOf(table.schema.KeySchema, after ?? before ?? {});
  const sizes = [keys, ...Object.values(images)].map((item) => db.itemSize(item));
  return {
    eventID: randomUUID().replaceAll('-', ''),
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: context.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(context.now / 1000),
      Keys: keys,
      ...images,
      SequenceNumber: String(context.sequence).padStart(21, '0'),
      SizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      StreamViewType: context.view,
    },
    eventSourceARN: context.streamArn,
    ...(context.expired && { userIdentity: ttlService }),
  };
};

const keysOf = (schema: Change['table']['schema']['KeySchema'], item: Item): Item =>
  Object.fromEntries(
    schema.flatMap(({ AttributeName }) => {
      const value = item[AttributeName];
      return value === undefined ? [] : [[AttributeName, value]];
    }),
  );

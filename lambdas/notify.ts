import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { Tunnel } from '../core/model/tunnel.ts';
import type { OperatorMessages } from '../core/ports/operator-messages.ts';
import { tellOperator } from '../core/use-cases/tell-operator.ts';
import { eventHandler } from './edge/event.ts';
import { logFailure } from './edge/failure.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;
export type Ports = EdgePorts & {
  readonly operatorMessages: OperatorMessages;
  readonly domain: string;
  readonly tunnelOfImage: (image: Image) => Tunnel;
};

/**
 * The change stream of Tunnels. One tunnel's changes are told in order, those of different tunnels side by side; the first
 * that fails of a batch is where Lambda starts again, so an operator may hear one twice.
 */
export const respond = async (ports: Ports, event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const byTunnel = new Map<string, DynamoDBRecord[]>();
  for (const record of event.Records) {
    const tunnel = record.dynamodb?.Keys?.id?.S ?? '';
    byTunnel.set(tunnel, [...(byTunnel.get(tunnel) ?? []), record]);
  }
  const failed = new Set<string>();
  const tellAll = async (records: readonly DynamoDBRecord[]): Promise<void> => {
    for (const record of records)
      try {
        await tell(ports, record);
      } catch (error) {
        logFailure(ports.hub, error);
        failed.add(record.dynamodb?.SequenceNumber ?? '');
        return;
      }
  };
  await Promise.all([...byTunnel.values()].map(tellAll));
  const sequenceNumbers = event.Records.map((record) => record.dynamodb?.SequenceNumber ?? '');
  return {
    batchItemFailures: sequenceNumbers
      .filter((number) => failed.has(number))
      .map((itemIdentifier) => ({ itemIdentifier })),
  };
};

const tell = async (ports: Ports, { dynamodb }: DynamoDBRecord): Promise<void> => {
  // Without a new image the row was purged, long after its end.
  if (dynamodb?.NewImage === undefined) return;
  const before = dynamodb.OldImage === undefined ? undefined : ports.tunnelOfImage(dynamodb.OldImage);
  const after = ports.tunnelOfImage(dynamodb.NewImage);
  // The stream says when in whole seconds, rounded down: good enough for people.
  const at = (dynamodb.ApproximateCreationDateTime ?? 0) * 1_000 || ports.clock.now();
  const told = await tellOperator(ports, { before, after, at });
  if (told) ports.hub.metrics.count('operator_events', 1, { state: after.state });
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('notify'),
    operatorMessages: wiring.operatorMessages(),
    domain: wiring.domain(),
    tunnelOfImage: wiring.tunnelOfImage,
  })),
  respond,
);

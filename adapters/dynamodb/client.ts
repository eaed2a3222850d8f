import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * The client that every process shares. Endpoint, Region and credentials come from the standard AWS variables unless
 * given. A single-item operation takes milliseconds, so waiting longer than 3 s helps nobody: four attempts and their
 * pauses end within the 15 s that a caller of ours waits at most.
 */
export const createDynamoClient = (
  place: Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> = {},
): DynamoDBDocumentClient => {
  const client = new DynamoDBClient({
    ...place,
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: 3_000,
      // Without it the handler only warns and waits on.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 50 },
      httpsAgent: { keepAlive: true, maxSockets: 50 },
    },
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
};

import { IoTClient, type IoTClientConfig } from '@aws-sdk/client-iot';

/**
 * The client for the registry of things. Endpoint, Region and credentials come from the standard AWS variables unless
 * given. Its calls are idempotent and throttled per account, so the library's own retries are left on.
 */
export const createIotControlClient = (
  place: Pick<IoTClientConfig, 'endpoint' | 'region' | 'credentials' | 'maxAttempts'> = {},
): IoTClient => new IoTClient({ ...place, requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000 } });

import { IoTDataPlaneClient, type IoTDataPlaneClientConfig } from '@aws-sdk/client-iot-data-plane';

/**
 * The client for the broker's data plane. Endpoint, Region and credentials come from the standard AWS variables unless
 * given. It never tries again by itself: a 504 means that the device is silent, and to the library it is a reason to send
 * the command once more.
 */
export const createIotClient = (
  place: Pick<IoTDataPlaneClientConfig, 'endpoint' | 'region' | 'credentials'> = {},
): IoTDataPlaneClient =>
  new IoTDataPlaneClient({
    ...place,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 1_000,
      // Above the 4 s for which the broker waits for a device.
      requestTimeout: 6_000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 50 },
      httpsAgent: { keepAlive: true, maxSockets: 50 },
    },
  });

/** The words of node's own errors: the library hands on some of them without their code. */
const closedConnection = /socket hang up|ECONNRESET|EPIPE/;

/** Once more where a kept connection had been closed meanwhile: commands and events bear being sent twice. */
export const onFreshConnection = async <T>(send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    if (!closedConnection.test(String(error))) throw error;
    return send();
  }
};

import {
  DeleteConnectionCommand,
  type IoTDataPlaneClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot-data-plane';
import { SallyportError } from '../../core/errors.ts';
import type { DeviceConnections } from '../../core/ports/device-connections.ts';
import { onFreshConnection } from './client.ts';

/** Ends clients' connections through the broker's data plane. Throws `unavailable` when it does not answer. */
export const createDeviceConnections = (options: { readonly client: IoTDataPlaneClient }): DeviceConnections => ({
  async end(clientId) {
    // What a session had waiting was meant for whoever holds the certificate.
    const end = new DeleteConnectionCommand({ clientId, cleanSession: true });
    try {
      await onFreshConnection(() => options.client.send(end));
      return true;
    } catch (cause) {
      if (cause instanceof ResourceNotFoundException) return false;
      throw new SallyportError('unavailable', { detail: 'the message broker did not end a connection', cause });
    }
  },
});

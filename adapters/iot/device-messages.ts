import {
  GatewayTimeoutException,
  GetConnectionCommand,
  type IoTDataPlaneClient,
  PublishCommand,
  ResourceNotFoundException,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { SallyportError } from '../../core/errors.ts';
import { topics } from '../../core/names.ts';
import type { DeviceMessages } from '../../core/ports/device-messages.ts';
import { onFreshConnection } from './client.ts';

/** Seconds that IoT Core waits for the device's PUBACK: 1 to 15. */
const confirmationSeconds = 4;
/** A published command may be queued by the broker; told later, it would open what nobody waits for any more. */
const expirySeconds = 10;

/**
 * Commands to devices. `direct` asks the broker for the client's own acknowledgement and needs no subscription; `publish`
 * is for brokers without direct messages, and answers `published`: whether anybody listened shows when the tunnel opens.
 */
export const createDeviceMessages = (options: {
  readonly client: IoTDataPlaneClient;
  readonly delivery: 'direct' | 'publish';
}): DeviceMessages => {
  const { client, delivery } = options;
  return {
    async send({ device, clientId }, command) {
      const topic = topics.commands(device);
      const payload = Buffer.from(JSON.stringify(command));
      if (delivery === 'publish') {
        const publish = new PublishCommand({ topic, payload, qos: 1, messageExpiry: expirySeconds });
        await onFreshConnection(() => client.send(publish)).catch(unavailable('publish a command'));
        return 'published';
      }
      try {
        const direct = { clientId, topic, payload, confirmation: true, timeout: confirmationSeconds };
        await onFreshConnection(() => client.send(new SendDirectMessageCommand(direct)));
        return 'acknowledged';
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return 'offline';
        if (error instanceof GatewayTimeoutException) return 'silent';
        return unavailable('send a command')(error);
      }
    },

    async presence(clientId) {
      try {
        const get = new GetConnectionCommand({ clientId });
        const { connected, connectedSince, disconnectedSince } = await onFreshConnection(() => client.send(get));
        const since = connected === true ? connectedSince : disconnectedSince;
        return { connected: connected === true, ...(since === undefined ? {} : { since }) };
      } catch (error) {
        // A client that the broker has no record of, not even of its leaving.
        if (error instanceof ResourceNotFoundException) return { connected: false };
        return unavailable('ask for a connection')(error);
      }
    },
  };
};

const unavailable =
  (what: string) =>
  (cause: unknown): never => {
    throw new SallyportError('unavailable', { detail: `the message broker did not ${what}`, cause });
  };

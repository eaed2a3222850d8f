import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { SallyportError } from '../../core/errors.ts';
import { topics } from '../../core/names.ts';
import type { OperatorMessages } from '../../core/ports/operator-messages.ts';
import { onFreshConnection } from './client.ts';

/** Events for operators who listen on their own topic. Who is not connected asks the API. */
export const createOperatorMessages = (options: { readonly client: IoTDataPlaneClient }): OperatorMessages => ({
  async publish(operator, event) {
    const payload = Buffer.from(JSON.stringify(event));
    const publish = new PublishCommand({ topic: topics.operatorEvents(operator), qos: 1, payload });
    try {
      await onFreshConnection(() => options.client.send(publish));
    } catch (cause) {
      throw new SallyportError('unavailable', { detail: 'the message broker took no event', cause });
    }
  },
});

import type { Broker } from './broker.ts';
import { DataPlaneError } from './data-plane-error.ts';
import { checkClientId, messageOf, type Outgoing } from './outgoing.ts';

/** A message to one client, whatever it subscribes to. */
export interface DirectMessage extends Omit<Outgoing, 'qos' | 'retain' | 'messageExpiry' | 'principal'> {
  readonly clientId: string;
  /** Deliver at QoS 1 and wait for the PUBACK. Default false: QoS 0, no waiting. */
  readonly confirmation?: boolean;
  /** Whole seconds, 1 to 15, default 5. Read only with confirmation. */
  readonly timeoutSeconds?: number;
}

/** 403: its policies let it not receive the topic. 404: not connected. 429: its publish rate is used up. 504: no PUBACK. */
export interface DirectMessageAnswer {
  readonly status: 200 | 403 | 404 | 429 | 504;
  readonly message: string;
}

/**
 * AWS, "Direct Messaging": needs no subscription but `iot:Receive`; never seen by rules, never queued or retained; no
 * topic that begins with `$`. Throws a `DataPlaneError` when the call itself is not valid.
 */
export async function sendDirectMessage(direct: DirectMessage, broker: Broker): Promise<DirectMessageAnswer> {
  const { clientId, confirmation = false, timeoutSeconds = 5, ...outgoing } = direct;
  const { clock, quotas, sessions } = broker;
  checkClientId(clientId);
  if (outgoing.topic.startsWith('$')) throw new DataPlaneError('InvalidRequestException', 'The topic is not valid.');
  if (confirmation && !(Number.isInteger(timeoutSeconds) && timeoutSeconds >= 1 && timeoutSeconds <= 15)) {
    throw new DataPlaneError('InvalidRequestException', 'The timeout must be 1 to 15 seconds.');
  }
  const qos = confirmation ? 1 : 0;
  const message = messageOf({ ...outgoing, qos }, quotas, clock.now());

  const session = sessions.find(clientId);
  const connection = session?.connection;
  if (connection === undefined) {
    const away = session === undefined ? '.' : ', but it has an active persistent session.';
    return { status: 404, message: `The target client ID is not connected${away}` };
  }
  if (!connection.client.permissions.receive(message.topic)) {
    return { status: 403, message: `The client ${clientId} is not authorized to receive on the topic.` };
  }
  const delivery = { message, qos, retain: false } as const;
  if (!confirmation) return connection.deliver(delivery) ? { status: 200, message: 'OK' } : THROTTLED;

  const acknowledged = await new Promise<boolean | undefined>((resolve) => {
    const giveUp = connection.confirm(delivery, (answer) => {
      cancel();
      resolve(answer);
    });
    const cancel = clock.after(timeoutSeconds * 1000, () => {
      giveUp?.();
      resolve(false);
    });
    if (giveUp !== undefined) return;
    cancel();
    resolve(undefined);
  });
  if (acknowledged === undefined) return THROTTLED;
  if (acknowledged) return { status: 200, message: 'OK' };
  return { status: 504, message: 'The client did not confirm the delivery in time.' };
}

const THROTTLED: DirectMessageAnswer = {
  status: 429,
  message: 'The client connection has exceeded the outbound publish limit.',
};

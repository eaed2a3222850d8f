import { DataPlaneError } from './data-plane-error.ts';
import { expiryOf, type Message, type MessageProperties } from './message.ts';
import type { Quotas } from './quotas.ts';
import { isPublishable } from './topic-filter.ts';

/** What the data plane publishes. */
export interface Outgoing extends MessageProperties {
  readonly topic: string;
  readonly payload?: Buffer;
  /** Default 0. */
  readonly qos?: 0 | 1;
  readonly retain?: boolean;
  /** Seconds, 1 to 604,800; without it the message does not expire. */
  readonly messageExpiry?: number;
  /** Who calls, for principal() in rules. */
  readonly principal?: string;
}

/** The message of a data plane call. Throws a `DataPlaneError` when its topic or size is not acceptable. */
export function messageOf(outgoing: Outgoing, quotas: Quotas, now: number): Message {
  const {
    topic,
    payload = Buffer.alloc(0),
    qos = 0,
    retain = false,
    messageExpiry,
    principal,
    ...properties
  } = outgoing;
  if (!isPublishable(topic, quotas) || (retain && topic.startsWith('$'))) {
    throw new DataPlaneError('InvalidRequestException', 'The topic is not valid.');
  }
  if (payload.length > quotas.payloadBytes) {
    throw new DataPlaneError('RequestEntityTooLargeException', 'The payload exceeds the maximum size allowed.');
  }
  const expiresAt = expiryOf(messageExpiry, quotas, now);
  return {
    topic,
    payload,
    qos,
    retain,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    properties,
    origin: principal === undefined ? {} : { principal },
  };
}

/** Throws unless a client id is one that the data plane takes: 1 to 128 characters, not beginning with `$`. */
export function checkClientId(clientId: string): void {
  if (!/^[^$]/.test(clientId) || clientId.length > 128) {
    throw new DataPlaneError('InvalidRequestException', 'The client ID is not valid.');
  }
}

import type { IPublishPacket, UserProperties } from 'mqtt-packet';
import type { Quotas } from './quotas.ts';

/** MQTT 5 properties that travel with a message from its sender to its receivers. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly userProperties?: UserProperties;
}

/** Who sent a message; rules read it as `clientid()` and `principal()`. */
export interface Origin {
  readonly clientId?: string;
  readonly principal?: string;
}

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly properties: MessageProperties;
  readonly origin: Origin;
}

/** How a message goes to one receiver. */
export interface Delivery {
  readonly message: Message;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** AWS raises a message expiry of 0 to 1 second and lowers long ones to 7 days ("Message expiry"). */
export function expiryOf(seconds: number | undefined, quotas: Quotas, now: number): number | undefined {
  if (seconds === undefined) return undefined;
  return now + Math.min(Math.max(seconds, 1), quotas.messageExpirySeconds) * 1000;
}

export const isExpired = (message: Message, now: number): boolean =>
  message.expiresAt !== undefined && message.expiresAt <= now;

type WireProperties = NonNullable<IPublishPacket['properties']>;

/** The forwarded properties of a packet. A property that was sent twice arrives as a list and is not forwarded. */
export function forwarded(wire: WireProperties | undefined): MessageProperties {
  if (wire === undefined) return {};
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = wire;
  return {
    ...(typeof payloadFormatIndicator === 'boolean' ? { payloadFormatIndicator } : {}),
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(typeof responseTopic === 'string' ? { responseTopic } : {}),
    ...(Buffer.isBuffer(correlationData) ? { correlationData } : {}),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
}

/**
 * The packet that carries a message to one receiver. The expiry interval is what remains of it, and 0 in its last
 * second (AWS: "Message expiry"); the DUP flag is never set ("AWS IoT differences from MQTT specifications").
 */
export function publishPacket({ message, qos, retain }: Delivery, now: number, messageId?: number): IPublishPacket {
  const { topic, payload, properties, expiresAt } = message;
  const remaining = expiresAt === undefined ? undefined : Math.floor((expiresAt - now) / 1000);
  return {
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain,
    dup: false,
    ...(messageId === undefined ? {} : { messageId }),
    properties: { ...properties, ...(remaining === undefined ? {} : { messageExpiryInterval: remaining }) },
  };
}

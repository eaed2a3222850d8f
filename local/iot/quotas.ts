/**
 * The quotas of AWS IoT Core that a design can run into ("AWS IoT Core endpoints and quotas", message broker and
 * protocol limits). Those that accounts may have raised are kept at their defaults, so that what works here works there.
 */
export interface Quotas {
  /** Bytes of a topic or topic filter; the Basic Ingest prefix does not count. */
  readonly topicBytes: number;
  readonly topicSlashes: number;
  readonly payloadBytes: number;
  /** Announced in CONNACK; the size of a payload and what stands around it. */
  readonly packetBytes: number;
  readonly clientIdBytes: number;
  readonly subscriptionsPerRequest: number;
  readonly subscriptionsPerConnection: number;
  /** Publishes in and out of one connection together; what exceeds them is discarded. */
  readonly publishesPerSecond: number;
  /** QoS 1 messages on their way to one client without a PUBACK. */
  readonly unacknowledged: number;
  readonly topicAliases: number;
  /** The ceiling of a session expiry interval, and what an MQTT 3.1.1 persistent session gets. */
  readonly sessionExpirySeconds: number;
  readonly messageExpirySeconds: number;
  /** Stored messages are sent to a returning client at this rate. */
  readonly storedMessagesPerSecond: number;
  /** What one offline session may store. AWS names no figure for one session; this bounds memory. */
  readonly storedMessages: number;
  readonly retainedMessages: number;
  /** Shorter keep-alives are raised, longer ones and none lowered. */
  readonly keepAliveSeconds: { readonly least: number; readonly most: number };
}

export const awsQuotas: Quotas = {
  topicBytes: 256,
  topicSlashes: 7,
  payloadBytes: 128 * 1024,
  packetBytes: 146 * 1024,
  clientIdBytes: 128,
  subscriptionsPerRequest: 8,
  subscriptionsPerConnection: 50,
  publishesPerSecond: 100,
  unacknowledged: 100,
  topicAliases: 8,
  sessionExpirySeconds: 3_600,
  messageExpirySeconds: 604_800,
  storedMessagesPerSecond: 10,
  storedMessages: 10_000,
  retainedMessages: 5_000,
  keepAliveSeconds: { least: 30, most: 1_200 },
};

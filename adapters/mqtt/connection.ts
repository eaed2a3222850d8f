/** How a device's MQTT connection is made: mutual TLS, MQTT 5. */
export type MqttOptions = {
  readonly host: string;
  /** On 443 the broker learns by ALPN that this is MQTT. */
  readonly port: number;
  readonly clientId: string;
  /** PEM texts. `authority`: whom to believe that it is the broker; without it, whom the operating system believes. */
  readonly certificate: string;
  readonly key: string;
  readonly authority?: string | undefined;
  /** The topic of commands to subscribe to; none where the broker sends direct messages. */
  readonly subscribe?: string | undefined;
  readonly keepAliveSeconds: number;
  readonly reconnect?: ReconnectDelays;
  /** A connection could not be made, or a subscription: it is tried again. */
  readonly onTrouble: (trouble: 'unconnected' | 'unsubscribed', why: string) => void;
};

/** Milliseconds. Delays grow from `least` to `most` and start over after a connection that held `stable`. */
export type ReconnectDelays = { readonly least: number; readonly most: number; readonly stable: number };

/**
 * Two clients with one id take the connection from each other without end, so delays start over only after a stable
 * minute: such a pair meets about once a minute, not once a second.
 */
export const defaultReconnect: ReconnectDelays = { least: 1_000, most: 60_000, stable: 60_000 };

/** Called later than the connecting function's return. */
export type MqttHooks = {
  readonly onConnected: () => void;
  readonly onDisconnected: (why: string) => void;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
};

export type MqttConnection = {
  /** QoS 1. Rejects when not connected, refused by the broker, or not acknowledged in `ackMilliseconds`. */
  publish(topic: string, payload: string): Promise<void>;
  /** Says goodbye and resolves when the connection is closed, or after `goodbyeMilliseconds`. */
  stop(): Promise<void>;
};

export type ConnectMqtt = (options: MqttOptions, hooks: MqttHooks) => MqttConnection;

export const connectMilliseconds = 15_000;
export const ackMilliseconds = 10_000;
export const goodbyeMilliseconds = 2_000;

/** AWS: the ALPN protocol for MQTT with a client certificate on port 443. Brokers on 8883 ignore it. */
export const mqttAlpn = 'x-amzn-mqtt-ca';

/** MQTT 5 section 2.4: reason codes from 0x80 on are failures. */
export const isFailure = (reasonCode: number | undefined): boolean => reasonCode !== undefined && reasonCode >= 0x80;
/** MQTT 5 section 3.14.2.1: another client came with the same id. */
export const sessionTakenOver = 0x8e;

/** Why the broker ended the connection, from its DISCONNECT. */
export const whyDisconnected = (reasonCode: number | undefined, otherwise: string): string => {
  if (reasonCode === undefined) return otherwise;
  if (reasonCode === sessionTakenOver) return 'taken over: another client has connected with this client id';
  return `the broker disconnected with code ${reasonCode}`;
};

import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import {
  ackMilliseconds,
  type ConnectMqtt,
  connectMilliseconds,
  defaultReconnect,
  goodbyeMilliseconds,
  isFailure,
  type MqttConnection,
  type MqttHooks,
  type MqttOptions,
  whyDisconnected,
} from './connection.ts';

type Sdk = typeof import('aws-iot-device-sdk-v2');

/** Rejects where the SDK has no binary for this machine, so it is not imported before it is asked for. */
export const loadAwsCrt = async (): Promise<ConnectMqtt> => {
  const sdk = await import('aws-iot-device-sdk-v2');
  return (options, hooks) => connect(sdk, options, hooks);
};

/**
 * Connects with the AWS IoT Device SDK's MQTT 5 client, and again whenever the connection is lost.
 *
 * The session is clean and expires with the connection: a command that waited in a session would be an operator's wish of
 * an hour ago, and opening a tunnel then is worse than not at all. Whoever asked has been told that the device is away.
 *
 * The SDK sets no TCP_NODELAY and offers no way to: an event right behind an acknowledgement can wait for the broker's
 * TCP to acknowledge that (about 40 ms), unless the broker's end answers at once.
 *
 * It keeps the process alive for 8 s after `stop`, so whoever stops must exit explicitly.
 */
const connect = (sdk: Sdk, options: MqttOptions, hooks: MqttHooks): MqttConnection => {
  const { mqtt5 } = sdk;
  const client = new mqtt5.Mqtt5Client(configOf(sdk, options));
  let stopped = false;
  const trouble = (why: string) => options.onTrouble('unconnected', why);

  client.on('error', (error) => trouble(textOf(error)));
  client.on('connectionFailure', ({ error, connack }) =>
    trouble(connack === undefined ? textOf(error) : `the broker refused with code ${connack.reasonCode}`),
  );
  client.on('messageReceived', ({ message }) => {
    if (!stopped) hooks.onMessage(message.topicName, bytesOf(message.payload));
  });
  client.on('disconnection', ({ error, disconnect }) => {
    if (!stopped) hooks.onDisconnected(whyDisconnected(disconnect?.reasonCode, textOf(error)));
  });
  client.on('connectionSuccess', ({ settings }) => {
    if (stopped) return;
    if (options.subscribe !== undefined && !settings.rejoinedSession)
      subscribe(sdk, client, options.subscribe).catch((error: unknown) =>
        options.onTrouble('unsubscribed', textOf(error)),
      );
    // Packets go out in order: the broker knows the subscription before it hears what is said now.
    hooks.onConnected();
  });
  client.start();

  return {
    async publish(topicName, payload) {
      const puback = await client
        .publish({ topicName, payload, qos: mqtt5.QoS.AtLeastOnce })
        .catch((cause: unknown) => Promise.reject(new Error(textOf(cause))));
      if (isFailure(puback?.reasonCode)) throw new Error(`the broker refused it with code ${puback?.reasonCode}`);
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, goodbyeMilliseconds);
        client.once('stopped', () => {
          clearTimeout(timer);
          resolve();
        });
        client.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
      });
      client.close();
    },
  };
};

/** Every property is set or left out: one that is `undefined` makes the native client fail without saying which. */
const configOf = ({ iot, mqtt5 }: Sdk, options: MqttOptions): mqtt5.Mqtt5ClientConfig => {
  const { least, most, stable } = options.reconnect ?? defaultReconnect;
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
    options.host,
    options.certificate,
    options.key,
  );
  if (options.authority !== undefined) builder.withCertificateAuthority(options.authority);
  return (
    builder
      .withPort(options.port)
      .withConnectProperties({
        clientId: options.clientId,
        keepAliveIntervalSeconds: options.keepAliveSeconds,
        sessionExpiryIntervalSeconds: 0,
      })
      .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
      // What cannot be said now is for the caller to say again: a queue in the SDK would say it in the wrong order.
      .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
      // Decorrelated never goes below the least delay; AWS takes one CONNECT a second of a client id.
      .withRetryJitterMode(mqtt5.RetryJitterType.Decorrelated)
      .withMinReconnectDelayMs(least)
      .withMaxReconnectDelayMs(most)
      .withMinConnectedTimeToResetReconnectDelayMs(stable)
      .withConnackTimeoutMs(connectMilliseconds)
      .withAckTimeoutSeconds(ackMilliseconds / 1_000)
      .withPingTimeoutMs(Math.min(10_000, (options.keepAliveSeconds * 1_000) / 2))
      .build()
  );
};

const subscribe = async ({ mqtt5 }: Sdk, client: mqtt5.Mqtt5Client, topicFilter: string): Promise<void> => {
  const suback = await client.subscribe({ subscriptions: [{ topicFilter, qos: mqtt5.QoS.AtLeastOnce }] });
  const failed = suback.reasonCodes.find((code) => isFailure(code));
  if (failed !== undefined) throw new Error(`the broker refused the subscription with code ${failed}`);
};

/** The SDK rejects with a text where others reject with an error. */
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const bytesOf = (payload: unknown): Uint8Array => {
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  return Buffer.from(typeof payload === 'string' ? payload : '');
};

import type { IClientOptions, MqttClient } from 'mqtt';
import {
  ackMilliseconds,
  type ConnectMqtt,
  connectMilliseconds,
  defaultReconnect,
  goodbyeMilliseconds,
  type MqttConnection,
  type MqttHooks,
  type MqttOptions,
  mqttAlpn,
  whyDisconnected,
} from './connection.ts';
import { ReconnectDelay } from './reconnect-delay.ts';

type Library = typeof import('mqtt');

/** Imported only where it is used: both clients together would cost a small device 20 MB. */
export const loadMqttjs = async (): Promise<ConnectMqtt> => {
  const library = await import('mqtt');
  return (options, hooks) => open(library, options, hooks);
};

/**
 * The same connection by MQTT.js, in JavaScript alone, for where the AWS client has no binary (32-bit ARM). Clean
 * sessions for the same reason. Its own reconnecting knows one fixed delay, so each connection is a client of its own.
 */
const open = (library: Library, options: MqttOptions, hooks: MqttHooks): MqttConnection => {
  const delay = new ReconnectDelay(options.reconnect ?? defaultReconnect, Math.random);
  let client: MqttClient;
  let again: NodeJS.Timeout | undefined;
  let stopped = false;

  const dial = (): void => {
    const mine = library.connect(clientOptions(options));
    client = mine;
    // TLS sockets pass it on. Without it an event right behind an acknowledgement waits for the broker's TCP (40 ms).
    if ('setNoDelay' in mine.stream && typeof mine.stream.setNoDelay === 'function') mine.stream.setNoDelay(true);
    let wasConnected = false;
    let why = 'the connection was lost';
    mine.on('connect', () => {
      if (stopped) return;
      wasConnected = true;
      delay.connected(performance.now());
      if (options.subscribe !== undefined) subscribe(mine, options.subscribe);
      hooks.onConnected();
    });
    mine.on('message', (topic, payload) => {
      if (!stopped) hooks.onMessage(topic, payload);
    });
    mine.on('disconnect', ({ reasonCode }) => {
      why = whyDisconnected(reasonCode, why);
    });
    mine.on('error', (error) => {
      why = error.message;
    });
    mine.once('close', () => {
      // Calls back whoever waits for an acknowledgement, which MQTT.js does only so.
      mine.end(true);
      if (stopped) return;
      if (wasConnected) hooks.onDisconnected(why);
      else options.onTrouble('unconnected', why);
      again = setTimeout(dial, delay.next(performance.now()));
    });
  };

  const subscribe = (mine: MqttClient, topic: string): void => {
    mine.subscribe(topic, { qos: 1 }, (error) => {
      if (error !== null && !stopped) options.onTrouble('unsubscribed', error.message);
    });
  };

  dial();

  return {
    publish: (topic, payload) =>
      new Promise((resolve, reject) => {
        // It would wait in MQTT.js and be said in the wrong order later.
        if (!client.connected) return reject(new Error('not connected'));
        const timer = setTimeout(() => reject(new Error('not acknowledged in time')), ackMilliseconds);
        client.publish(topic, payload, { qos: 1 }, (error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        stopped = true;
        clearTimeout(again);
        const timer = setTimeout(() => client.stream.destroy(), goodbyeMilliseconds);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        if (!client.connected) {
          client.end(true);
          return done();
        }
        client.stream.once('close', done);
        client.end();
      }),
  };
};

const clientOptions = (options: MqttOptions): IClientOptions => ({
  protocol: 'mqtts',
  protocolVersion: 5,
  host: options.host,
  port: options.port,
  clientId: options.clientId,
  cert: options.certificate,
  key: options.key,
  ...(options.authority === undefined ? {} : { ca: options.authority }),
  ...(options.port === 443 ? { ALPNProtocols: [mqttAlpn] } : {}),
  rejectUnauthorized: true,
  clean: true,
  properties: { sessionExpiryInterval: 0 },
  keepalive: options.keepAliveSeconds,
  connectTimeout: connectMilliseconds,
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
});

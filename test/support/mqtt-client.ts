import { readFileSync } from 'node:fs';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { DeviceIdentity } from '../../local/system/local-device.ts';
import type { LocalSystem } from '../../local/system/system.ts';

/** Credentials of a device: its certificate. */
export const asDevice = ({ id, certificate, key }: DeviceIdentity): IClientOptions => ({
  clientId: id,
  cert: readFileSync(certificate),
  key: readFileSync(key),
});

/** Credentials of an operator: the API token as password, for the custom authorizer. */
export const asOperator = (operator: string, token: string): IClientOptions => ({
  clientId: `${operator}-0`,
  username: '?x-amz-customauthorizer-name=sallyport-operators',
  password: token,
});

/** Connects to the system's broker; rejects when refused, with the CONNACK's reason as `code`. */
export const connectMqtt = async (
  { plane, authority }: Pick<LocalSystem, 'plane' | 'authority'>,
  options: IClientOptions,
): Promise<MqttClient> => {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: 'localhost',
    port: plane.iot.port,
    ca: authority.certificate,
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
  client.on('error', () => undefined);
  return client;
};

import { randomUUID } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import { agentClientId, basicIngest, rules, topics } from '../../../core/names.ts';
import type { DeviceEvent } from '../../../core/wire/device-event.ts';
import type { TunnelView } from '../../../core/wire/tunnel-view.ts';
import { type DeviceIdentity, enrol } from '../../../local/system/local-device.ts';
import { mustCall } from '../../../local/system/local-operator.ts';
import { eventually } from '../eventually.ts';
import { late } from '../late.ts';
import { asDevice, connectMqtt } from '../mqtt-client.ts';
import { connectOperator } from '../operator-mqtt.ts';
import type { TestSystem } from '../system.ts';
import type { Stage } from './actors.ts';
import { recycle } from './api-steps.ts';
import { expectStatus, type Step } from './step.ts';

/** As long as a trial waits for a step. */
const stepMilliseconds = 4_000;

const publish = (client: MqttClient, device: string, event: DeviceEvent) =>
  client.publishAsync(basicIngest(rules.deviceEvents, topics.events(device)), JSON.stringify(event), { qos: 1 });

/** A device without an agent: it connects, says hello and hears that it is welcome. */
export async function sayHello(system: TestSystem, identity: DeviceIdentity): Promise<void> {
  const client = await connectMqtt(system, asDevice(identity));
  try {
    const welcome = new Promise<void>((resolve) => client.once('message', () => resolve()));
    const cut = new Promise<never>((_, reject) => client.once('close', () => reject(new Error('cut off'))));
    const services = [{ name: 'ssh', scheme: 'ssh', port: 22 } as const];
    const key = generateEd25519().publicLine();
    const hello: DeviceEvent = { v: 1, type: 'hello', key, stock: false, services, agent: 'test', hostKeys: [] };
    // The client tells nobody of a publish that the connection's end has overtaken.
    await Promise.race([publish(client, identity.id, hello).then(() => welcome), cut, late(stepMilliseconds)]);
  } finally {
    client.end(true);
  }
}

/** What devices and operators do by MQTT. */
export const mqttSteps = (stage: Stage): readonly Step[] => {
  const { system, device, absent } = stage;
  const newcomer = () => enrol(system, `hello-${randomUUID()}`);

  const byMqtt = (name: string, target: string, wanted: 'accepted' | 'refused', shows?: RegExp): Step => ({
    name,
    ...(shows === undefined ? {} : { shows }),
    ready: async () => {
      if (shows !== undefined) await recycle(stage, 'FunctionsTunnelRequestMqttFunction');
      const operator = await stage.crew();
      return {
        act: async () => {
          const mqtt = await connectOperator(system, operator);
          try {
            const request = { service: 'ssh' };
            const asked = mqtt.ask({ v: 1, type: 'request', id: 'one', device: target, request });
            await Promise.race([asked, late(stepMilliseconds)]);
            const answer = await eventually(
              () => mqtt.heard.find(({ type }) => type !== 'tunnel'),
              'an answer',
              stepMilliseconds,
            );
            if (answer.type !== wanted) throw new Error(`it was ${answer.type}`);
            if (wanted === 'refused') return;
            const isOpen = (event: (typeof mqtt.heard)[number]) =>
              event.type === 'tunnel' && event.tunnel.state === 'open';
            await eventually(() => mqtt.heard.find(isOpen), 'the news that it is open', stepMilliseconds);
          } finally {
            await mqtt.close();
          }
        },
        after: () => stage.closeAll(operator),
      };
    },
  });

  return [
    {
      name: 'a device says hello for the first time',
      ready: async () => {
        const identity = await newcomer();
        return { act: () => sayHello(system, identity) };
      },
    },
    {
      name: 'a device that is known says hello',
      ready: async () => {
        const identity = await newcomer();
        expectStatus(await system.ada.call('PATCH', `/v1/devices/${identity.id}`, { attributes: { a: '1' } }), 200);
        return { act: () => sayHello(system, identity) };
      },
    },
    {
      name: 'a device says hello to a function that starts anew',
      shows: /FunctionsDeviceEventRole.*SecretPins/,
      ready: async () => {
        const identity = await newcomer();
        await recycle(stage, 'FunctionsDeviceEventFunction');
        return { act: () => sayHello(system, identity) };
      },
    },
    {
      name: 'a device closes its tunnel',
      ready: async () => {
        const operator = await stage.crew();
        const { id: tunnel } = await stage.open(operator);
        const { identity } = device;
        const client = await connectMqtt(system, { ...asDevice(identity), clientId: agentClientId(identity.id) });
        return {
          act: async () => {
            await publish(client, identity.id, { v: 1, type: 'closed', tunnel, detail: '' });
            const look = async () => {
              const view = await mustCall<TunnelView>(operator, 'GET', `/v1/tunnels/${tunnel}`);
              return view.state === 'closed' ? view : undefined;
            };
            await eventually(look, 'its end');
          },
          after: async () => {
            client.end(true);
            await stage.closeAll(operator);
          },
        };
      },
    },
    byMqtt('request a tunnel by MQTT', device.identity.id, 'accepted'),
    byMqtt('request by MQTT a tunnel to a device that is away', absent, 'refused'),
    byMqtt(
      'request a tunnel by MQTT of a function that starts anew',
      device.identity.id,
      'accepted',
      /FunctionsTunnelRequestMqttRole.*SecretPins/,
    ),
  ];
};

import { EventEmitter, once } from 'node:events';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';
import { type Authority, createAuthority, type Issued } from '../../../local/ca/authority.ts';
import type { PolicyDocument } from '../../../local/iot/authorize.ts';
import { type IotOptions, type IotStandIn, startIot } from '../../../local/iot/iot.ts';
import type { LogEvent } from '../../../local/iot/log.ts';
import { type AttachedThing, type CertificateRecord, certificateIdOf } from '../../../local/iot/registry.ts';
import { ACCOUNT, ANYTHING, fakeAuthorize, REGION } from './fake-authorize.ts';
import { ManualClock } from './manual-clock.ts';

export interface Device extends Issued {
  readonly name: string;
  readonly certificateId: string;
}

export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

interface Running {
  readonly iot: IotStandIn;
  readonly authority: Authority;
  readonly server: Issued;
  readonly clock: ManualClock;
  readonly registry: Map<string, CertificateRecord>;
  readonly log: EventEmitter;
}

/** A running stand-in with an authority and a registry. */
export class Harness {
  readonly iot: IotStandIn;
  readonly authority: Authority;
  readonly server: Issued;
  readonly clock: ManualClock;
  readonly registry: Map<string, CertificateRecord>;
  private readonly log: EventEmitter;
  private readonly clients = new Map<MqttClient, IConnackPacket | undefined>();

  private constructor({ iot, authority, server, clock, registry, log }: Running) {
    this.iot = iot;
    this.authority = authority;
    this.server = server;
    this.clock = clock;
    this.registry = registry;
    this.log = log;
  }

  static async start(options: Partial<IotOptions> = {}): Promise<Harness> {
    const authority = await createAuthority();
    const server = await authority.issueServer(['localhost'], ['127.0.0.1']);
    const clock = new ManualClock();
    const registry = new Map<string, CertificateRecord>();
    const log = new EventEmitter();
    const iot = await startIot({
      ...server,
      deviceAuthority: authority.certificate,
      region: REGION,
      account: ACCOUNT,
      registry: { find: (id) => registry.get(id) },
      authorize: fakeAuthorize,
      invokeAuthorizer: () => Promise.reject(new Error('There is no authorizer.')),
      invoke: () => {},
      log: (event, details) => void log.emit(event, details),
      clock,
      ...options,
    });
    return new Harness({ iot, authority, server, clock, registry, log });
  }

  /** A device with a certificate, attached to a thing of its name, that may do anything unless told otherwise. */
  async device(
    name: string,
    record: { policies?: readonly PolicyDocument[]; things?: readonly AttachedThing[]; active?: boolean } = {},
  ): Promise<Device> {
    const issued = await this.authority.issueDevice(name);
    const certificateId = certificateIdOf(issued.certificate);
    this.registry.set(certificateId, {
      active: record.active ?? true,
      attachedPolicies: record.policies ?? [ANYTHING],
      things: record.things ?? [{ name, attributes: {}, principalType: 'NON_EXCLUSIVE_THING' }],
    });
    return { ...issued, name, certificateId };
  }

  setPolicies(device: Device, ...attachedPolicies: readonly PolicyDocument[]): void {
    const record = this.registry.get(device.certificateId);
    if (record !== undefined) this.registry.set(device.certificateId, { ...record, attachedPolicies });
  }

  private options(device: Device | undefined, options: IClientOptions = {}): IClientOptions {
    return {
      protocol: 'mqtts',
      host: '127.0.0.1',
      port: this.iot.port,
      ca: this.authority.certificate,
      ...(device === undefined ? {} : { cert: device.certificate, key: device.privateKey, clientId: device.name }),
      protocolVersion: 5,
      reconnectPeriod: 0,
      keepalive: 0,
      ...options,
    };
  }

  /** The details of the next event of this kind that the stand-in logs. */
  async next(event: LogEvent): Promise<Readonly<Record<string, unknown>>> {
    const [details] = await once(this.log, event);
    return details;
  }

  /** Begins to connect, so that not even a message right behind CONNACK is missed. */
  dial(device: Device | undefined, options: IClientOptions = {}): MqttClient {
    const client = mqtt.connect(this.options(device, options));
    this.clients.set(client, undefined);
    return client;
  }

  /** Connects; rejects when refused, with the CONNACK's code as `code` on the error. */
  async connect(device: Device | undefined, options: IClientOptions = {}): Promise<MqttClient> {
    const client = this.dial(device, options);
    const connack = await new Promise<IConnackPacket>((resolve, reject) => {
      client.once('connect', resolve);
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
    client.on('error', () => {});
    this.clients.set(client, connack);
    return client;
  }

  connack(client: MqttClient): IConnackPacket {
    return this.clients.get(client) ?? { cmd: 'connack', sessionPresent: false };
  }

  async close(): Promise<void> {
    for (const client of this.clients.keys()) client.end(true);
    await this.iot.close();
  }
}

/** The next message of a client. */
export async function nextMessage(client: MqttClient): Promise<Received> {
  const [first] = await collect(client, 1);
  if (first === undefined) throw new Error('No message came.');
  return first;
}

/** Collects messages until so many have come. */
export function collect(client: MqttClient, count: number): Promise<readonly Received[]> {
  const received: Received[] = [];
  return new Promise((resolve) => {
    const listener = (topic: string, payload: Buffer, packet: IPublishPacket) => {
      received.push({ topic, text: payload.toString(), packet });
      if (received.length < count) return;
      client.off('message', listener);
      resolve(received);
    };
    client.on('message', listener);
  });
}

/** How a client's connection ended: the code of DISCONNECT, or nothing before it closed. */
export function ended(client: MqttClient): Promise<number | undefined> {
  return new Promise((resolve) => {
    let code: number | undefined;
    client.once('disconnect', (packet) => {
      code = packet.reasonCode;
    });
    client.once('close', () => resolve(code));
  });
}

import type { IConnackPacket, IConnectPacket, Packet } from 'mqtt-packet';
import type { Admission } from './admission.ts';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { PacketStream } from './packet-stream.ts';
import type { Quotas } from './quotas.ts';
import { Reason, type ReasonCode, returnCodeOf } from './reason.ts';

/** A peer that has not sent CONNECT by then is cut off. */
const CONNECT_WITHIN_MS = 10_000;

export interface HandshakeOf {
  readonly stream: PacketStream;
  readonly clock: Clock;
  readonly admit: (packet: IConnectPacket) => Promise<Admission>;
  readonly join: (client: Client, stream: PacketStream) => void;
}

/** Waits for CONNECT, has it decided, and hands the stream over or refuses with CONNACK. */
export async function shakeHands({ stream, clock, admit, join }: HandshakeOf): Promise<void> {
  const packet = await firstPacket(stream, clock);
  // MQTT 3.1.0-1: the first packet must be CONNECT. Nothing has been said yet that an answer could be encoded for.
  if (packet?.cmd !== 'connect') return stream.destroy();
  stream.version = packet.protocolVersion === 5 ? 5 : 4;
  const admission = await admit(packet);
  if ('client' in admission) join(admission.client, stream);
  else refuse(stream, admission.refused);
}

function firstPacket(stream: PacketStream, clock: Clock): Promise<Packet | undefined> {
  return new Promise((resolve) => {
    const settle = (packet?: Packet) => {
      cancel();
      stream.hold();
      resolve(packet);
    };
    const cancel = clock.after(CONNECT_WITHIN_MS, settle);
    stream.listen({ packet: settle, fault: () => settle(), closed: settle });
  });
}

function refuse(stream: PacketStream, reason: ReasonCode): void {
  stream.send({ cmd: 'connack', sessionPresent: false, reasonCode: reason, returnCode: returnCodeOf(reason) });
  stream.end();
}

/** The CONNACK of an admitted client; MQTT 5 clients are told the quotas (AWS: "MQTT 5 properties"). */
export function welcome(client: Client, sessionPresent: boolean, quotas: Quotas): IConnackPacket {
  return {
    cmd: 'connack',
    sessionPresent,
    reasonCode: Reason.success,
    returnCode: 0,
    properties: {
      sessionExpiryInterval: client.sessionExpirySeconds,
      receiveMaximum: quotas.unacknowledged,
      maximumQoS: 1,
      retainAvailable: true,
      maximumPacketSize: quotas.packetBytes,
      topicAliasMaximum: quotas.topicAliases,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      serverKeepAlive: client.keepAliveSeconds,
      ...(client.idAssigned ? { assignedClientIdentifier: client.id } : {}),
    },
  };
}

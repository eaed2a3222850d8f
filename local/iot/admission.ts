import { randomUUID } from 'node:crypto';
import type { IConnectPacket } from 'mqtt-packet';
import type { Authorize, IotArns, IotContext } from './authorize.ts';
import type { Client, Lifetime, Will } from './client.ts';
import type { Clock } from './clock.ts';
import { askAuthorizer, authorizerNamed, type InvokeAuthorizer } from './custom-authorizer.ts';
import type { Log } from './log.ts';
import { forwarded } from './message.ts';
import { permissionsOf } from './permissions.ts';
import type { Principal } from './principal.ts';
import type { Quotas } from './quotas.ts';
import { Reason, type ReasonCode } from './reason.ts';
import { isPublishable } from './topic-filter.ts';

/** The other side of a TLS connection. */
export interface Peer {
  readonly sourceIp: string;
  /** The server name that it asked for (SNI). */
  readonly serverName?: string;
  /** Present when it proved to hold an active certificate. */
  readonly principal?: Principal;
}

export interface AdmissionOf {
  readonly authorize: Authorize;
  readonly arns: IotArns;
  readonly invokeAuthorizer: InvokeAuthorizer;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Log;
}

export type Admission = { readonly client: Client } | { readonly refused: ReasonCode };

/** Decides on a CONNECT packet: its form, who sent it, and whether the policies let that client connect. */
export async function admit(packet: IConnectPacket, peer: Peer, of: AdmissionOf): Promise<Admission> {
  const fault = faultOf(packet, of.quotas);
  if (fault !== undefined) return { refused: fault };

  const connectionId = randomUUID();
  const identity = await identify(packet, peer, of, connectionId);
  if (identity === undefined) return { refused: Reason.notAuthorized };

  const id = packet.clientId === '' ? randomUUID() : packet.clientId;
  const permissions = permissionsOf({
    authorize: of.authorize,
    arns: of.arns,
    log: of.log,
    principal: identity.principal,
    clientId: id,
    sourceIp: peer.sourceIp,
    ...(peer.serverName === undefined ? {} : { domainName: peer.serverName }),
  });
  const version = packet.protocolVersion === 5 ? 5 : 4;
  const sessionExpirySeconds = expiryOf(packet, of.quotas);
  const will = willOf(packet, { clientId: id, principal: identity.principal.id });
  const attributes: IotContext['connectAttributes'] = [
    ...(sessionExpirySeconds > 0 ? (['PersistentConnect'] as const) : []),
    ...(will === undefined ? [] : (['LastWill'] as const)),
  ];
  if (!permissions.connect(attributes)) return { refused: Reason.notAuthorized };

  const { least, most } = of.quotas.keepAliveSeconds;
  const client: Client = {
    id,
    idAssigned: packet.clientId === '',
    version,
    ...identity,
    permissions,
    sourceIp: peer.sourceIp,
    cleanStart: packet.clean ?? false,
    sessionExpirySeconds,
    keepAliveSeconds: Math.min(Math.max(packet.keepalive || most, least), most),
    receiveMaximum: Math.min(packet.properties?.receiveMaximum || 65_535, of.quotas.unacknowledged),
    maximumPacketBytes: packet.properties?.maximumPacketSize || Number.POSITIVE_INFINITY,
    ...(will === undefined ? {} : { will }),
    connectionId,
    connectedAt: of.clock.now(),
  };
  return { client };
}

function faultOf(packet: IConnectPacket, quotas: Quotas): ReasonCode | undefined {
  // MQTT 3.1 ("MQIsdp") is older than what AWS speaks.
  if (packet.protocolVersion !== 4 && packet.protocolVersion !== 5) return Reason.unsupportedVersion;
  const { clientId, will } = packet;
  if (Buffer.byteLength(clientId) > quotas.clientIdBytes || clientId.startsWith('$') || clientId.includes('\0')) {
    return Reason.clientIdNotValid;
  }
  // MQTT 3.1.1 section 3.1.3.1: a nameless client can have no session to come back to.
  if (clientId === '' && packet.protocolVersion === 4 && packet.clean !== true) return Reason.clientIdNotValid;
  if (will?.qos === 2) return Reason.qosNotSupported;
  if (will !== undefined && !isPublishable(will.topic, quotas)) return Reason.topicNameInvalid;
  return undefined;
}

async function identify(
  packet: IConnectPacket,
  peer: Peer,
  of: AdmissionOf,
  connectionId: string,
): Promise<{ readonly principal: Principal; readonly lifetime?: Lifetime } | undefined> {
  if (peer.principal !== undefined) return { principal: peer.principal };
  const name = authorizerNamed(packet.username);
  if (name === undefined) return undefined;
  const event = {
    protocols: ['tls', 'mqtt'] as const,
    signatureVerified: false,
    protocolData: {
      tls: { serverName: peer.serverName ?? '' },
      mqtt: {
        ...(packet.username === undefined ? {} : { username: packet.username }),
        ...(packet.password === undefined ? {} : { password: packet.password.toString('base64') }),
        ...(packet.clientId === '' ? {} : { clientId: packet.clientId }),
      },
    },
    connectionMetadata: { id: connectionId },
  };
  try {
    return await askAuthorizer({ invoke: of.invokeAuthorizer, name, event, clock: of.clock });
  } catch (cause) {
    of.log('refused', { clientId: packet.clientId, authorizer: name, cause: String(cause) });
    return undefined;
  }
}

/** AWS: one hour for MQTT 3.1.1 without clean session, what the client asks up to the quota for MQTT 5. */
function expiryOf(packet: IConnectPacket, quotas: Quotas): number {
  if (packet.protocolVersion !== 5) return packet.clean === true ? 0 : quotas.sessionExpirySeconds;
  return Math.min(packet.properties?.sessionExpiryInterval ?? 0, quotas.sessionExpirySeconds);
}

function willOf(
  { will }: IConnectPacket,
  origin: { readonly clientId: string; readonly principal: string },
): Will | undefined {
  if (will === undefined) return undefined;
  const messageExpirySeconds = will.properties?.messageExpiryInterval;
  return {
    message: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: will.qos === 1 ? 1 : 0,
      retain: will.retain ?? false,
      properties: forwarded(will.properties),
      origin,
    },
    ...(messageExpirySeconds === undefined ? {} : { messageExpirySeconds }),
    delaySeconds: will.properties?.willDelayInterval ?? 0,
  };
}

import { admit } from './admission.ts';
import { type Authorize, iotArns } from './authorize.ts';
import { Broker } from './broker.ts';
import { type Clock, systemClock } from './clock.ts';
import type { ConnectionRecord } from './connection-records.ts';
import type { InvokeAuthorizer } from './custom-authorizer.ts';
import * as dataPlane from './data-plane.ts';
import type { DataPlaneRequest } from './data-plane-request.ts';
import { type DirectMessage, type DirectMessageAnswer, sendDirectMessage } from './direct-message.ts';
import { shakeHands } from './handshake.ts';
import { listen } from './listener.ts';
import { type Log, printable } from './log.ts';
import type { Outgoing } from './outgoing.ts';
import { PacketStream } from './packet-stream.ts';
import { awsQuotas, type Quotas } from './quotas.ts';
import type { CertificateRegistry } from './registry.ts';
import type { ReservedTopics } from './reserved-topics.ts';
import type { RetainedMessage } from './retained.ts';
import { type InvokeTarget, type Rule, Rules } from './rules.ts';

export interface IotOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** The server's certificate and key, PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  /** The certificate of the authority that signs device certificates, PEM. */
  readonly deviceAuthority: string;
  /** Both are part of every ARN that policies see. */
  readonly region: string;
  readonly account: string;
  readonly registry: CertificateRegistry;
  readonly authorize: Authorize;
  readonly invokeAuthorizer: InvokeAuthorizer;
  /** Performs the actions of topic rules. */
  readonly invoke: InvokeTarget;
  /** Services that answer at topics of AWS's own. */
  readonly reserved?: ReservedTopics;
  readonly log?: Log;
  /** Instead of AWS's own. */
  readonly quotas?: Partial<Quotas>;
  readonly clock?: Clock;
}

/** A stand-in for AWS IoT Core: its message broker, rules, lifecycle events and data plane. */
export interface IotStandIn {
  readonly port: number;
  readonly address: string;
  /** Throws at a statement outside the supported subset of AWS IoT SQL, so that the start fails. */
  addRule(rule: Rule): void;
  /** Throws a `DataPlaneError` when topic or payload is not acceptable. */
  publish(outgoing: Outgoing): void;
  /** Throws a `DataPlaneError` when the call is not valid; that the client is away is an answer. */
  sendDirectMessage(direct: DirectMessage): Promise<DirectMessageAnswer>;
  /** Throws a `DataPlaneError` (404) for a client that was not connected within 30 minutes. */
  getConnection(clientId: string): ConnectionRecord;
  /** Throws a `DataPlaneError` (404) for a client that is away and has no session. */
  deleteConnection(clientId: string, how?: dataPlane.DeleteConnection): void;
  /** Throws a `DataPlaneError` (404) when nothing is retained. */
  getRetainedMessage(topic: string): RetainedMessage;
  /** The permissions that an HTTP request needs, all of them. Throws a `DataPlaneError` for a request not offered. */
  dataPlaneActions(request: DataPlaneRequest): readonly dataPlane.DataPlaneAction[];
  /** Performs an authorised HTTP request. `principal` is the caller, for rules. */
  handleDataPlaneRequest(request: DataPlaneRequest, principal?: string): Promise<dataPlane.DataPlaneResponse>;
  /** Fault: the client's connection stays up and swallows every packet of both sides. False when it is not connected. */
  pauseDelivery(clientId: string): boolean;
  /** Ends that fault; what was swallowed stays lost. */
  resumeDelivery(clientId: string): boolean;
  /** Fault: the client's connection breaks without a word. False when it is not connected. */
  dropConnection(clientId: string): boolean;
  /** Disconnects everybody, stops listening, and waits for the actions of rules. Idempotent. */
  close(): Promise<void>;
}

/** Starts the stand-in. Rejects when the address is taken. */
export async function startIot(options: IotOptions): Promise<IotStandIn> {
  const { address = '127.0.0.1', port = 0, region, account, registry, authorize, invokeAuthorizer, invoke } = options;
  const clock = options.clock ?? systemClock;
  const log = printable(options.log ?? (() => {}));
  const quotas = { ...awsQuotas, ...options.quotas };
  const arns = iotArns(region, account);
  const rules = new Rules({ invoke, quotas, clock, log });
  const broker = new Broker({
    quotas,
    clock,
    log,
    rules,
    ...(options.reserved === undefined ? {} : { reserved: options.reserved }),
  });

  const listener = await listen({
    port,
    address,
    certificate: options.certificate,
    privateKey: options.privateKey,
    deviceAuthority: options.deviceAuthority,
    registry,
    accept: (socket, peer) => {
      const stream = new PacketStream(socket, quotas.packetBytes);
      const admission = { authorize, arns, invokeAuthorizer, quotas, clock, log };
      void shakeHands({
        stream,
        clock,
        admit: (packet) => admit(packet, peer, admission),
        join: (client) => broker.join(client, stream),
      });
    },
  });

  const withConnection = (
    clientId: string,
    act: (connection: NonNullable<ReturnType<Broker['connection']>>) => void,
  ) => {
    const connection = broker.connection(clientId);
    if (connection !== undefined) act(connection);
    return connection !== undefined;
  };
  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = listener.close();
    broker.shutDown();
    await closed;
    await rules.settled();
  };

  return {
    port: listener.port,
    address,
    addRule: (rule) => rules.add(rule),
    publish: (outgoing) => dataPlane.publish(outgoing, broker),
    sendDirectMessage: (direct) => sendDirectMessage(direct, broker),
    getConnection: (clientId) => dataPlane.getConnection(clientId, broker),
    deleteConnection: (clientId, how = {}) => dataPlane.deleteConnection(clientId, how, broker),
    getRetainedMessage: (topic) => dataPlane.getRetainedMessage(topic, broker),
    dataPlaneActions: (request) => dataPlane.actionsOf(request, arns),
    handleDataPlaneRequest: (request, principal) => dataPlane.handle(request, broker, principal),
    pauseDelivery: (clientId) => withConnection(clientId, (connection) => connection.freeze()),
    resumeDelivery: (clientId) => withConnection(clientId, (connection) => connection.thaw()),
    dropConnection: (clientId) => withConnection(clientId, (connection) => connection.cut()),
    close: () => (closing ??= close()),
  };
}

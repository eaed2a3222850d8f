import { randomUUID } from 'node:crypto';
import type { IotArns } from './authorize.ts';
import type { Broker } from './broker.ts';
import type { ConnectionRecord } from './connection-records.ts';
import { DataPlaneError, type DataPlaneErrorName } from './data-plane-error.ts';
import { type DataPlaneRequest, type Operation, operationOf } from './data-plane-request.ts';
import { type DirectMessageAnswer, sendDirectMessage } from './direct-message.ts';
import { checkClientId, messageOf, type Outgoing } from './outgoing.ts';
import { Reason } from './reason.ts';
import type { RetainedMessage } from './retained.ts';
import { basicIngest } from './topic-filter.ts';

export interface DataPlaneResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A permission that the caller of a request needs. */
export interface DataPlaneAction {
  readonly action:
    | 'iot:Publish'
    | 'iot:RetainPublish'
    | 'iot:SendDirectMessage'
    | 'iot:GetConnection'
    | 'iot:DeleteConnection'
    | 'iot:GetRetainedMessage';
  readonly resource: string;
  /** Condition keys and their values. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** How to disconnect a client. */
export interface DeleteConnection {
  /** Also forget its session. Default false. */
  readonly cleanSession?: boolean;
  /** Default false: the last will is published. */
  readonly preventWillMessage?: boolean;
}

/** Publishes from outside MQTT. Throws a `DataPlaneError` when topic or payload is not acceptable. */
export function publish(outgoing: Outgoing, broker: Broker): void {
  const message = messageOf(outgoing, broker.quotas, broker.clock.now());
  if (message.retain && !broker.retained.hasRoomFor(message)) {
    throw new DataPlaneError('ThrottlingException', 'The account has the maximum number of retained messages.');
  }
  if (basicIngest(message.topic) === undefined) broker.publish(message);
  else broker.rules.ingest(message);
}

/** AWS: 404 when the client is not connected and was not within 30 minutes. */
export function getConnection(clientId: string, { records }: Broker): ConnectionRecord {
  checkClientId(clientId);
  const record = records.find(clientId);
  if (record === undefined) throw notFound('The client is not known.');
  return record;
}

/** AWS: "first sends an MQTT disconnect message"; 404 when the client is away and has no persistent session. */
export function deleteConnection(clientId: string, how: DeleteConnection, { sessions }: Broker): void {
  checkClientId(clientId);
  const session = sessions.find(clientId);
  if (session === undefined) throw notFound('The client ID is not connected and has no persistent session.');
  session.connection?.close('API_INITIATED_DISCONNECT', {
    code: Reason.administrativeAction,
    withoutWill: how.preventWillMessage ?? false,
  });
  if (how.cleanSession === true) sessions.remove(session);
}

export function getRetainedMessage(topic: string, { retained }: Broker): RetainedMessage {
  const found = retained.get(topic);
  if (found === undefined) throw notFound('No message is retained at this topic.');
  return found;
}

/** What the caller must be allowed, all of it. Throws a `DataPlaneError` when the request is none that is offered. */
export function actionsOf(request: DataPlaneRequest, arns: IotArns): readonly DataPlaneAction[] {
  const operation = operationOf(request);
  switch (operation.name) {
    case 'Publish': {
      const resource = arns.topic(operation.outgoing.topic);
      const publishing = { action: 'iot:Publish', resource, conditions: {} } as const;
      const retaining = { action: 'iot:RetainPublish', resource, conditions: {} } as const;
      return operation.outgoing.retain === true ? [publishing, retaining] : [publishing];
    }
    case 'SendDirectMessage': {
      const { clientId, topic } = operation.direct;
      return [{ action: 'iot:SendDirectMessage', resource: arns.client(clientId), conditions: { 'iot:Topic': topic } }];
    }
    case 'GetConnection':
    case 'DeleteConnection':
      return [{ action: `iot:${operation.name}`, resource: arns.client(operation.clientId), conditions: {} }];
    case 'GetRetainedMessage':
      return [{ action: 'iot:GetRetainedMessage', resource: arns.topic(operation.topic), conditions: {} }];
  }
}

/** Answers a request that was authorised. Never throws for what the caller did wrong: that is a response too. */
export async function handle(
  request: DataPlaneRequest,
  broker: Broker,
  principal?: string,
): Promise<DataPlaneResponse> {
  try {
    return await perform(operationOf(request), broker, principal);
  } catch (error) {
    if (error instanceof DataPlaneError) return refusal(error);
    throw error;
  }
}

/** The response that tells a client of the AWS SDK about an error. */
export function refusal({ name, status, message }: DataPlaneError): DataPlaneResponse {
  return json(status, { message, traceId: randomUUID() }, { 'x-amzn-errortype': name });
}

async function perform(operation: Operation, broker: Broker, principal?: string): Promise<DataPlaneResponse> {
  switch (operation.name) {
    case 'Publish':
      publish({ ...operation.outgoing, ...(principal === undefined ? {} : { principal }) }, broker);
      return json(200, { message: 'OK', traceId: randomUUID() });
    case 'SendDirectMessage':
      return directResponse(await sendDirectMessage(operation.direct, broker));
    case 'GetConnection':
      return json(200, getConnection(operation.clientId, broker));
    case 'DeleteConnection':
      deleteConnection(operation.clientId, operation, broker);
      return { status: 200, headers: {}, body: Buffer.alloc(0) };
    case 'GetRetainedMessage':
      return json(200, retainedBody(getRetainedMessage(operation.topic, broker)));
  }
}

const ERROR_OF: Readonly<Record<Exclude<DirectMessageAnswer['status'], 200>, DataPlaneErrorName>> = {
  403: 'ForbiddenException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  504: 'GatewayTimeoutException',
};

function directResponse({ status, message }: DirectMessageAnswer): DataPlaneResponse {
  if (status !== 200) return refusal(new DataPlaneError(ERROR_OF[status], message));
  return json(200, { message, traceId: randomUUID() });
}

function retainedBody({ message, storedAt }: RetainedMessage): Readonly<Record<string, unknown>> {
  const { userProperties } = message.properties;
  const pairs = Object.entries(userProperties ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ [name]: value })),
  );
  return {
    topic: message.topic,
    payload: message.payload.toString('base64'),
    qos: message.qos,
    lastModifiedTime: storedAt,
    ...(pairs.length === 0 ? {} : { userProperties: Buffer.from(JSON.stringify(pairs)).toString('base64') }),
  };
}

const notFound = (message: string): DataPlaneError => new DataPlaneError('ResourceNotFoundException', message);

const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): DataPlaneResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(body)),
});

import { z } from 'zod';
import { DataPlaneError } from './data-plane-error.ts';
import type { DirectMessage } from './direct-message.ts';
import type { MessageProperties } from './message.ts';
import type { Outgoing } from './outgoing.ts';

/** An HTTP request as Node gives it: header names in lower case, the path as it was sent, percent-encoded. */
export interface DataPlaneRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** What a request asks for. */
export type Operation =
  | { readonly name: 'Publish'; readonly outgoing: Outgoing }
  | { readonly name: 'SendDirectMessage'; readonly direct: DirectMessage }
  | { readonly name: 'GetConnection'; readonly clientId: string }
  | {
      readonly name: 'DeleteConnection';
      readonly clientId: string;
      readonly cleanSession: boolean;
      readonly preventWillMessage: boolean;
    }
  | { readonly name: 'GetRetainedMessage'; readonly topic: string };

/** Reads a request of the AWS IoT data plane (paths and parameters as in `@aws-sdk/client-iot-data-plane`). */
export function operationOf(request: DataPlaneRequest): Operation {
  const [, collection = '', ...rest] = request.path.split('/');
  const resource = decoded(rest.join('/'));
  const key = `${request.method} /${collection}`;
  if (key === 'POST /topics') return { name: 'Publish', outgoing: outgoingOf(resource, request) };
  if (key === 'GET /retainedMessage' && resource !== '') return { name: 'GetRetainedMessage', topic: resource };
  if (collection !== 'connections') return unsupported(request);
  const clientId = decoded(rest[0] ?? '');
  if (key === 'POST /connections' && rest.length === 2 && rest[1] === 'messages') {
    return { name: 'SendDirectMessage', direct: directOf(clientId, request) };
  }
  if (rest.length !== 1) return unsupported(request);
  if (key === 'GET /connections') {
    // The key that authorises socket information is not in the pages at hand, so none is given.
    if (flag(request, 'includeSocketInformation')) throw invalid('includeSocketInformation is not offered here.');
    return { name: 'GetConnection', clientId };
  }
  if (key !== 'DELETE /connections') return unsupported(request);
  return {
    name: 'DeleteConnection',
    clientId,
    cleanSession: flag(request, 'cleanSession'),
    preventWillMessage: flag(request, 'preventWillMessage'),
  };
}

function outgoingOf(topic: string, request: DataPlaneRequest): Outgoing {
  const qos = whole(request, 'qos') ?? 0;
  if (qos !== 0 && qos !== 1) throw invalid('The QoS must be 0 or 1.');
  const messageExpiry = whole(request, 'messageExpiry');
  return {
    topic,
    payload: request.body,
    qos,
    retain: flag(request, 'retain'),
    ...(messageExpiry === undefined ? {} : { messageExpiry }),
    ...propertiesOf(request),
  };
}

function directOf(clientId: string, request: DataPlaneRequest): DirectMessage {
  const timeoutSeconds = whole(request, 'timeout');
  return {
    clientId,
    topic: request.query.topic ?? '',
    payload: request.body,
    confirmation: flag(request, 'confirmation'),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...propertiesOf(request),
  };
}

const UserProperties = z.array(z.record(z.string(), z.string()));

function propertiesOf(request: DataPlaneRequest): MessageProperties {
  const { contentType, responseTopic } = request.query;
  const correlation = header(request, 'x-amz-mqtt5-correlation-data');
  const format = header(request, 'x-amz-mqtt5-payload-format-indicator');
  const user = header(request, 'x-amz-mqtt5-user-properties');
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlation === undefined ? {} : { correlationData: Buffer.from(correlation, 'base64') }),
    ...(format === undefined ? {} : { payloadFormatIndicator: format === 'UTF8_DATA' }),
    ...(user === undefined ? {} : { userProperties: userPropertiesOf(user) }),
  };
}

/** Base64 of a JSON array of objects, e.g. `[{"deviceName":"alpha"},{"deviceCnt":"45"}]`. A name may come again. */
function userPropertiesOf(encoded: string): Record<string, string[]> {
  const properties: Record<string, string[]> = Object.create(null);
  try {
    const list = UserProperties.parse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    for (const [name, value] of list.flatMap((one) => Object.entries(one))) {
      properties[name] = [...(properties[name] ?? []), value];
    }
    return properties;
  } catch {
    throw invalid('The user properties are not valid.');
  }
}

function whole({ query }: DataPlaneRequest, name: string): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw invalid(`${name} is not a whole number.`);
  return Number(text);
}

/** The developer guide writes TRUE, the SDK sends true. */
function flag({ query }: DataPlaneRequest, name: string): boolean {
  const text = query[name]?.toLowerCase();
  if (text !== undefined && text !== 'true' && text !== 'false') throw invalid(`${name} is not true or false.`);
  return text === 'true';
}

function header({ headers }: DataPlaneRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('The path is not percent-encoded.');
  }
}

const invalid = (message: string): DataPlaneError => new DataPlaneError('InvalidRequestException', message);

function unsupported({ method, path }: DataPlaneRequest): never {
  throw new DataPlaneError('MethodNotAllowedException', `The stand-in does not offer ${method} ${path.slice(0, 64)}.`);
}

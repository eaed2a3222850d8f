import { randomUUID } from 'node:crypto';
import type { AwsError } from './aws-error.ts';
import type { AwsReply, Protocol } from './service.ts';

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  'json-1.0': 'application/x-amz-json-1.0',
  'json-1.1': 'application/x-amz-json-1.1',
  'rest-json': 'application/json',
  query: 'text/xml',
};

/** A JSON answer in a protocol's content type. */
export function jsonReply(protocol: Protocol, value: unknown, status = 200): AwsReply {
  return { status, headers: { 'content-type': CONTENT_TYPES[protocol] }, body: JSON.stringify(value) };
}

/**
 * An error in the form of a protocol, from which clients raise the exception of that name: JSON 1.0 and 1.1 name it in
 * `__type`, REST-JSON in `x-amzn-ErrorType`, Query in XML.
 */
export function errorReply(protocol: Protocol, error: AwsError): AwsReply {
  const status = error.status ?? (protocol === 'json-1.0' || protocol === 'json-1.1' ? 400 : 403);
  const { code, message } = error;
  if (protocol === 'query') {
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${xml(code)}</Code><Message>${xml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
    return { status, headers: { 'content-type': CONTENT_TYPES.query }, body };
  }
  if (protocol === 'rest-json') {
    const reply = jsonReply(protocol, { message }, status);
    return { ...reply, headers: { ...reply.headers, 'x-amzn-errortype': code } };
  }
  return jsonReply(protocol, { __type: code, message }, status);
}

/** Text as XML content. */
export function xml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

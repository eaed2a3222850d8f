import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LoopbackServer, serveLoopback } from '../loopback.ts';
import type { DynamoDbStandIn } from './dynamodb.ts';
import { type Answer, answerOf, Refusal } from './refusal.ts';

/** DynamoDB's own limit on a request, bytes. */
const maxRequestBytes = 16 * 1024 * 1024;

const targetPrefix = 'DynamoDB_20120810.';

/** Serves the stand-in over HTTP on a free port of 127.0.0.1, to whoever connects: no signature is checked. */
export const serveDynamoDb = (standIn: DynamoDbStandIn): Promise<LoopbackServer> =>
  serveLoopback((request, response) => {
    void handle(standIn, request).then((answer) => send(response, answer));
  });

const handle = async (standIn: DynamoDbStandIn, request: IncomingMessage): Promise<Answer> => {
  try {
    const target = request.headers['x-amz-target'];
    const text = await read(request);
    if (typeof target !== 'string' || !target.startsWith(targetPrefix)) throw new Refusal('UnknownOperationException');
    return await standIn.call(target.slice(targetPrefix.length), parse(text));
  } catch (error) {
    return answerOf(error);
  }
};

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxRequestBytes) throw new Refusal('SerializationException', 'The request is larger than 16 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('SerializationException');
  }
};

const send = (response: ServerResponse, { status, body }: Answer): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
};

import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type ErrorCode, problemOf, SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import { parseHostName, type Target } from '../core/model/host-name.ts';
import type { Tokens } from '../core/ports/tokens.ts';
import { splice } from '../net/splice.ts';
import type { Connector } from './connector.ts';
import { type Credential, createCredential } from './http-credential.ts';
import { passRequest, replyBytes, upgradeHead } from './http-device.ts';
import type { Visits } from './http-visits.ts';
import type { LiveStreams } from './live-streams.ts';
import type { Visitor } from './visitor.ts';

const stallMilliseconds = 60_000;
const headersMilliseconds = 10_000;
/** A stream to a device is kept for the same client's next request, as long as a decision lives. */
const keptMilliseconds = 5_000;

/** HTTP/1.1 by Host, with a bearer token or by a link. It serves sockets that the router's listener hands over, after TLS. */
export const createHttpEntrance = (parts: {
  readonly domain: string;
  readonly connector: Connector;
  readonly tokens: Tokens;
  readonly visits: Visits;
  readonly live: LiveStreams;
  readonly maxStreamsPerOperator: number;
  readonly hub: EventHub;
  /** The operator's own address and port of a connection, as the load balancer told it. */
  readonly sourceOf: (socket: Socket) => Visitor['source'];
}) => {
  const { hub, live, visits } = parts;
  const credentialOf = createCredential(parts.tokens, visits);

  /** What the connector refuses it records itself; what never came so far is recorded here. */
  const refused = (
    who: { readonly operator?: string; readonly source: Visitor['source']; readonly code: ErrorCode },
    target: string,
  ): void =>
    hub.refused({
      action: 'connect',
      code: who.code,
      operator: who.operator,
      way: 'http',
      source: who.source.address,
      facts: { target },
    });

  const targetOf = (request: IncomingMessage): Target => {
    const host = (request.headers.host ?? '').replace(/:\d{1,5}$/, '').toLowerCase();
    const socket = request.socket;
    // Another name than the connection was opened for (RFC 9110 7.4): a browser re-using it across devices.
    if (socket instanceof TLSSocket && typeof socket.servername === 'string' && socket.servername !== host)
      throw new SallyportError('misdirected');
    const target = parseHostName(host, undefined, parts.domain);
    if (target === undefined) throw new SallyportError('not_found');
    return target.kind === 'device' && target.service === undefined ? { ...target, service: 'web' } : target;
  };

  const stream = async (visitor: Visitor, target: Target): Promise<Socket> => {
    if (live.countOf(visitor.operator.id) >= parts.maxStreamsPerOperator) {
      refused(
        { operator: visitor.operator.id, source: visitor.source, code: 'quota_exceeded' },
        JSON.stringify(target),
      );
      throw new SallyportError('quota_exceeded');
    }
    const { stream: socket, tunnel } = await parts.connector.connect(visitor, target, (scheme) => scheme === 'http');
    live.add({
      tunnel: tunnel.id,
      device: tunnel.device,
      operator: visitor.operator,
      closed: new Promise((resolve) => socket.once('close', resolve)),
      destroy: () => void socket.destroy(),
    });
    return socket;
  };

  /**
   * One client connection to one name by one operator has streams of its own, never shared with another, and no older
   * than a decision may be: after that the next request is decided anew.
   */
  type Kept = { readonly agent: Agent; readonly until: number };
  const agents = new WeakMap<Socket, Map<string, Kept>>();
  const agentFor = (request: IncomingMessage, visitor: Visitor, target: Target): Agent => {
    const own = agents.get(request.socket) ?? new Map<string, Kept>();
    agents.set(request.socket, own);
    const key = JSON.stringify([visitor.operator.id, visitor.operator.groups, target]);
    const known = own.get(key);
    if (known !== undefined && performance.now() < known.until) return known.agent;
    const agent = new DeviceAgent(() => stream(visitor, target));
    own.set(key, { agent, until: performance.now() + keptMilliseconds });
    request.socket.once('close', () => agent.destroy());
    return agent;
  };

  const visit = async (
    request: IncomingMessage,
  ): Promise<{ visitor: Visitor; target: Target; credential: Credential }> => {
    const source = parts.sourceOf(request.socket);
    try {
      const target = targetOf(request);
      const credential = await credentialOf(request, target);
      return { target, credential, visitor: { operator: credential.operator, way: 'http', source } };
    } catch (error) {
      refused(
        { source, code: error instanceof SallyportError ? error.code : 'unavailable' },
        request.headers.host ?? '',
      );
      throw error;
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (visits.isOwn(request)) {
      const { address: source } = parts.sourceOf(request.socket);
      return visits.enter(request, response, { target: targetOf(request), source });
    }
    const { visitor, target, credential } = await visit(request);
    const agent = agentFor(request, visitor, target);
    await passRequest(request, response, { agent, credential, source: visitor.source.address });
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { visitor, target, credential } = await visit(request);
    const device = await stream(visitor, target);
    device.write(Buffer.concat([upgradeHead(request, credential, visitor.source.address), head]));
    splice(socket, device, { stallMilliseconds });
  };

  const server = createServer({
    headersTimeout: headersMilliseconds,
    requestTimeout: 0,
    keepAliveTimeout: keptMilliseconds,
  });
  server.on('request', (request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const problem = problemOf(error);
      response.writeHead(problem.status, {
        'content-type': 'application/problem+json',
        'x-content-type-options': 'nosniff',
        connection: 'close',
      });
      response.end(`${JSON.stringify(problem)}\n`);
    });
  });
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head).catch((error: unknown) => {
      const problem = problemOf(error);
      replyBytes(socket, problem.status, `${JSON.stringify(problem)}\n`);
    });
  });

  return {
    accept: (socket: Socket) => server.emit('connection', socket),
    close: () => server.closeAllConnections(),
  };
};
export type HttpEntrance = ReturnType<typeof createHttpEntrance>;

/** An agent whose connections are streams to a device, opened with everything that an entry takes. */
class DeviceAgent extends Agent {
  readonly #open: () => Promise<Socket>;

  constructor(open: () => Promise<Socket>) {
    super({ keepAlive: true, maxSockets: 32, timeout: keptMilliseconds });
    this.#open = open;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Socket) => void): undefined {
    this.#open().then(
      (socket) => callback?.(null, socket),
      (error: unknown) => callback?.(error instanceof Error ? error : new Error('no stream'), undefined as never),
    );
    return undefined;
  }
}

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorizer } from '../iam/authorizer.ts';
import { contextOf } from '../iam/condition-context.ts';
import { denialOf } from '../iam/denial.ts';
import type { Principals } from '../iam/principals.ts';
import { serveLoopback } from '../loopback.ts';
import { AwsError, ConnectionCut } from './aws-error.ts';
import { type AwsRequest, readRequest } from './aws-request.ts';
import { CredentialStore, type Credentials } from './credentials.ts';
import { type Fault, Faults, type FaultTarget } from './fault.ts';
import { errorReply } from './reply.ts';
import type { AwsReply, AwsService, Place, Protocol, ServiceCall } from './service.ts';
import { type ServiceParts, servicesOf } from './services.ts';
import { type VerifiedRequest, verifySignature } from './signature.ts';

export interface AwsEndpointOptions extends ServiceParts {
  readonly place: Place;
  readonly principals: Principals;
  readonly authorizer: Authorizer;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Told of failures of the endpoint itself; the caller only learns that there was one. */
  readonly onFailure?: (error: unknown) => void;
}

export interface IssueOptions {
  /** Default `local`. */
  readonly sessionName?: string;
  /** Seconds; default: as long as the endpoint lives. */
  readonly seconds?: number;
}

/** A call that was allowed and answered. */
export interface ServedCall {
  /** By its signing name. */
  readonly service: string;
  readonly operation: string;
  readonly callerArn: string;
  /** When its request came and how long the answer took, ms on the monotonic clock. */
  readonly at: number;
  readonly milliseconds: number;
  readonly reply: AwsReply;
}

export interface AwsEndpoint {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /**
   * Credentials of a role, random each time.
   *
   * @throws Error if the role is not registered
   */
  issueCredentials(roleArn: string, options?: IssueOptions): Credentials;
  /** Verifies a request to another service that is signed alike, such as `execute-api`. @throws AwsError */
  verify(request: AwsRequest, service: string): Promise<VerifiedRequest>;
  /** Tells of every call from now on; returns the way to stop. */
  follow(listener: (call: ServedCall) => void): () => void;
  /** Puts a fault in force, or lifts it. */
  setFault(target: FaultTarget, fault: Fault | undefined): void;
  close(): Promise<void>;
}

/** Starts the one endpoint of all AWS services, on a free port of 127.0.0.1. */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const now = options.now ?? Date.now;
  const credentials = new CredentialStore();
  const faults = new Faults();
  const issue = (roleArn: string, { sessionName = 'local', seconds }: IssueOptions) =>
    credentials.issue(
      options.principals.callerOf(roleArn, sessionName),
      now(),
      seconds === undefined ? undefined : seconds * 1000,
    );
  const services = servicesOf(options, options.place, (roleArn, sessionName, seconds) => {
    if (!options.principals.role(roleArn)) return undefined;
    const { sessionArn } = options.principals.callerOf(roleArn, sessionName);
    return { credentials: issue(roleArn, { sessionName, seconds }), sessionArn };
  });
  const verifierOptions = { credentials, region: options.place.region, now };
  const names = new Set(services.keys());

  const listeners = new Set<(call: ServedCall) => void>();

  const answer = async (message: IncomingMessage): Promise<AwsReply> => {
    const at = performance.now();
    let protocol = protocolOf(message);
    try {
      const request = await readRequest(message);
      const verified = await verifySignature(request, { ...verifierOptions, services: names });
      const service = services.get(verified.service);
      if (!service) throw new AwsError('UnknownOperationException', 'the service is not offered here');
      protocol = service.protocol;
      return await service.handle(callOf(request, verified, { service, at }));
    } catch (error) {
      if (error instanceof ConnectionCut) throw error;
      // The client went away while it was sending: there is nobody to answer.
      if (message.destroyed && !message.complete) throw new ConnectionCut();
      if (error instanceof AwsError) return errorReply(protocol, error);
      options.onFailure?.(error);
      return errorReply(protocol, new AwsError('InternalFailure', 'the local endpoint failed', 500));
    }
  };

  const callOf = (
    request: AwsRequest,
    { credentials: { caller } }: VerifiedRequest,
    { service, at }: { readonly service: AwsService; readonly at: number },
  ): ServiceCall => ({
    request,
    callerArn: caller.sessionArn,
    require: (action, resource, context = contextOf({}), resourceOwner) => {
      const asked = { action, resource, context };
      const decision = options.authorizer.decide(caller, asked, resourceOwner);
      if (decision.allowed) return;
      const { message } = denialOf(caller, asked, decision.reason, decision.by);
      const { denial } = service;
      throw new AwsError(denial?.code ?? 'AccessDeniedException', denial?.message ?? message);
    },
    perform: async (operation, work, tables) => {
      const { signingName } = service;
      const reply = await faults.around(signingName, operation, work, tables);
      const milliseconds = performance.now() - at;
      for (const listener of listeners)
        listener({ service: signingName, operation, callerArn: caller.sessionArn, at, milliseconds, reply });
      return reply;
    },
  });

  const server = await serveLoopback((message, response) => {
    answer(message).then(
      (reply) => send(response, reply),
      () => response.destroy(),
    );
  });

  return {
    url: server.url,
    issueCredentials: (roleArn, how = {}) => issue(roleArn, how),
    verify: (request, service) => verifySignature(request, { ...verifierOptions, services: new Set([service]) }),
    follow: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setFault: (target, fault) => faults.set(target, fault),
    close: () => {
      faults.clear();
      return server.close();
    },
  };
}

/** The form in which to refuse before the service is known. */
function protocolOf({ headers }: IncomingMessage): Protocol {
  const type = headers['content-type'] ?? '';
  if (type.includes('x-amz-json-1.0')) return 'json-1.0';
  if (type.includes('x-amz-json-1.1')) return 'json-1.1';
  return type.includes('x-www-form-urlencoded') ? 'query' : 'rest-json';
}

function send(response: ServerResponse, { status, headers, body }: AwsReply): void {
  response.writeHead(status, {
    ...headers,
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}

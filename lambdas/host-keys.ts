import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { fillHostKeys, type HostKeyPorts } from '../core/use-cases/fill-host-keys.ts';
import { eventHandler } from './edge/event.ts';
import { logFailure } from './edge/failure.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

export type Ports = EdgePorts & HostKeyPorts;

/** CloudFormation waits at a presigned address; whatever happens it is told, or the stack hangs until its time-out. */
export const respond = async (ports: Ports, event: CloudFormationCustomResourceEvent): Promise<void> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  // A constant: a new id would have CloudFormation delete the old resource, and the keys are not the stack's to delete.
  const PhysicalResourceId = 'sallyport-host-keys';
  let status:
    | { readonly Status: 'SUCCESS'; readonly Data?: { readonly AnchorKey: string } }
    | { readonly Status: 'FAILED'; readonly Reason: string };
  try {
    const made = event.RequestType === 'Delete' ? undefined : await fillHostKeys(ports);
    status = { Status: 'SUCCESS', ...(made === undefined ? {} : { Data: { AnchorKey: made.anchorKey } }) };
  } catch (error) {
    logFailure(ports.hub, error);
    status = { Status: 'FAILED', Reason: 'the keys could not be made; the log of this function says why' };
  }
  const body = JSON.stringify({ ...status, PhysicalResourceId, StackId, RequestId, LogicalResourceId });
  const reply = await fetch(event.ResponseURL, {
    method: 'PUT',
    body,
    // The presigned signature covers an empty content type.
    headers: { 'content-type': '' },
    signal: AbortSignal.timeout(20_000),
  });
  if (!reply.ok) throw new Error(`CloudFormation took no answer: ${reply.status}`);
};

export const handler = eventHandler(
  wiring.wire(() => ({ ...wiring.edge('host-keys'), ...wiring.hostKeys() })),
  respond,
);

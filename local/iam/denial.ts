import { type Caller, callerName } from './caller.ts';
import type { AccessRequest, DenialReason, Grant } from './evaluate.ts';

/** A refusal, as it is told and kept. */
export interface Denial {
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  readonly reason: DenialReason;
  /** AWS's sentence. */
  readonly message: string;
  /** Where an explicit deny stands. */
  readonly by?: string;
}

export function denialOf(caller: Caller, request: AccessRequest, reason: DenialReason, by?: Grant): Denial {
  const { action, resource } = request;
  const opening = `User: ${callerName(caller)} is not authorized to perform: ${action} on resource: ${resource}`;
  return {
    caller: callerName(caller),
    action,
    resource,
    reason,
    message: `${opening} ${because(action, reason, by)}`,
    ...(by ? { by: placeOf(by) } : {}),
  };
}

/** "RelayRole, policy 0, statement 2 (ReadTunnels)". */
export function placeOf({ policy, statement }: Pick<Grant, 'policy' | 'statement'>): string {
  const sid = statement.sid === undefined ? '' : ` (${statement.sid})`;
  return `${policy.owner}, policy ${policy.position}, statement ${statement.index}${sid}`;
}

function because(action: string, reason: DenialReason, by: Grant | undefined): string {
  if (reason === 'explicit-deny')
    return `with an explicit deny in ${by?.policy.kind === 'identity' ? 'an identity-based' : 'a resource-based'} policy`;
  const sort = reason === 'no-identity-policy' ? 'identity-based' : 'resource-based';
  return `because no ${sort} policy allows the ${action} action`;
}

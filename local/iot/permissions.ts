import type { Authorize, IotAction, IotArns, IotContext } from './authorize.ts';
import type { Log } from './log.ts';
import type { Principal } from './principal.ts';

/** What one client may do, decided anew at each question. */
export interface Permissions {
  connect(attributes: IotContext['connectAttributes']): boolean;
  /** A retained publish needs `iot:RetainPublish` beside `iot:Publish` (AWS: "Retained message policy examples"). */
  publish(topic: string, retain: boolean): boolean;
  subscribe(filter: string): boolean;
  receive(topic: string): boolean;
}

export interface PermissionsOf {
  readonly authorize: Authorize;
  readonly arns: IotArns;
  readonly log: Log;
  readonly principal: Principal;
  readonly clientId: string;
  readonly sourceIp: string;
  readonly domainName?: string;
}

export function permissionsOf(of: PermissionsOf): Permissions {
  const { arns, principal, clientId, sourceIp, domainName } = of;
  const { certificate } = principal;
  const may = (action: IotAction, name: string, attributes: IotContext['connectAttributes'] = []): boolean => {
    const thing = principal.thing(clientId);
    const resource = resourceOf(arns, action, name);
    const { allowed } = of.authorize({
      action,
      resource,
      name,
      policies: principal.policies(clientId),
      context: {
        clientId,
        isAttached: thing !== undefined,
        ...(thing === undefined ? {} : { thing }),
        principalId: principal.id,
        ...(certificate === undefined ? {} : { certificate }),
        sourceIp,
        ...(domainName === undefined ? {} : { domainName }),
        connectAttributes: attributes,
      },
    });
    if (!allowed) of.log('denied', { clientId, action, resource });
    return allowed;
  };
  return {
    connect: (attributes) => may('iot:Connect', clientId, attributes),
    publish: (topic, retain) => may('iot:Publish', topic) && (!retain || may('iot:RetainPublish', topic)),
    subscribe: (filter) => may('iot:Subscribe', filter),
    receive: (topic) => may('iot:Receive', topic),
  };
}

function resourceOf(arns: IotArns, action: IotAction, name: string): string {
  if (action === 'iot:Connect') return arns.client(name);
  return action === 'iot:Subscribe' ? arns.topicFilter(name) : arns.topic(name);
}

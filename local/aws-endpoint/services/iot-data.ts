import { contextOf } from '../../iam/condition-context.ts';
import { DataPlaneError } from '../../iot/data-plane-error.ts';
import type { IotStandIn } from '../../iot/iot.ts';
import { AwsError } from '../aws-error.ts';
import type { AwsService } from '../service.ts';

/** The broker's side of the IoT data plane. */
export type IotDataHandler = Pick<IotStandIn, 'dataPlaneActions' | 'handleDataPlaneRequest'>;

/** AWS IoT data plane (REST-JSON). A missing permission is a ForbiddenException without a word why. */
export function iotDataService(handler: IotDataHandler): AwsService {
  return {
    signingName: 'iotdata',
    protocol: 'rest-json',
    denial: { code: 'ForbiddenException', message: 'Forbidden' },
    handle: ({ request, require, perform, callerArn }) => {
      const actions = translated(() => handler.dataPlaneActions(request));
      for (const { action, resource, conditions } of actions) require(action, resource, contextOf(conditions));
      const operation = actions[0]?.action.slice('iot:'.length) ?? '';
      return perform(operation, () => handler.handleDataPlaneRequest(request, callerArn));
    },
  };
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DataPlaneError) throw new AwsError(error.name, error.message, error.status);
    throw error;
  }
}

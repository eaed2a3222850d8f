import {
  AttachPolicyCommand,
  DescribeThingGroupCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import { devicePolicy } from '../../core/names.ts';

/** Gives the devices of a group our policy beside what they have: one call, however many they are. @returns false if they had it */
export const attachPolicyToGroup = async (client: IoTClient, group: string): Promise<boolean> => {
  const { thingGroupArn: target } = await client.send(new DescribeThingGroupCommand({ thingGroupName: group }));
  if (target === undefined) throw new Error(`AWS IoT named no ARN of the group ${group}`);
  const { policies = [] } = await client.send(new ListAttachedPoliciesCommand({ target }));
  if (policies.some(({ policyName }) => policyName === devicePolicy)) return false;
  await client.send(new AttachPolicyCommand({ policyName: devicePolicy, target }));
  return true;
};

/** The things of a group and of the groups in it, page by page. */
export const thingsOfGroup = async function* (client: IoTClient, group: string): AsyncGenerator<string> {
  let nextToken: string | undefined;
  do {
    const page = { thingGroupName: group, recursive: true, maxResults: 250, nextToken };
    const answer = await client.send(new ListThingsInThingGroupCommand(page));
    yield* answer.things ?? [];
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
};

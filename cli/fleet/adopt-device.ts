import {
  AttachThingPrincipalCommand,
  DetachThingPrincipalCommand,
  InvalidRequestException,
  type IoTClient,
  ListPrincipalThingsCommand,
  ListThingPrincipalsV2Command,
} from '@aws-sdk/client-iot';

/**
 * `exclusive`: attached so now. `already`: it was. `no certificate`: the thing has none. `shared`: its certificate is
 * attached to other things too, so their connections cannot be told apart; give each its own first.
 */
export type Adopted = 'exclusive' | 'already' | 'no certificate' | 'shared' | 'kept';

/**
 * Lets an agent connect beside an application that holds the thing-name connection: with an exclusive attachment the
 * connection is the thing's under any client id. Nothing is issued anew, and no live connection ends by it.
 *
 * Where AWS IoT keeps the attachment that is there (`kept`), only detaching first changes it, which `reattach` does: for
 * that moment the device's connections stand for no thing, so what needs thing variables is denied to them.
 */
export const adoptDevice = async (client: IoTClient, thingName: string, reattach: boolean): Promise<Adopted> => {
  const certificates = await certificatesOf(client, thingName);
  if (certificates.length === 0) return 'no certificate';
  let changed = false;
  for (const { principal, exclusive } of certificates) {
    if (exclusive) continue;
    if (await isShared(client, principal)) return 'shared';
    changed = true;
    await attachExclusively(client, thingName, principal).catch((error: unknown) => {
      if (!(error instanceof InvalidRequestException)) throw error;
    });
  }
  if (!changed) return 'already';
  const left = (await certificatesOf(client, thingName)).filter(({ exclusive }) => !exclusive);
  if (left.length === 0) return 'exclusive';
  if (!reattach) return 'kept';
  for (const { principal } of left) {
    await client.send(new DetachThingPrincipalCommand({ thingName, principal }));
    await attachExclusively(client, thingName, principal);
  }
  return 'exclusive';
};

const attachExclusively = (client: IoTClient, thingName: string, principal: string) =>
  client.send(new AttachThingPrincipalCommand({ thingName, principal, thingPrincipalType: 'EXCLUSIVE_THING' }));

const certificatesOf = async (client: IoTClient, thingName: string) => {
  const { thingPrincipalObjects = [] } = await client.send(new ListThingPrincipalsV2Command({ thingName }));
  return thingPrincipalObjects.flatMap(({ principal, thingPrincipalType }) =>
    principal?.includes(':cert/') ? [{ principal, exclusive: thingPrincipalType === 'EXCLUSIVE_THING' }] : [],
  );
};

const isShared = async (client: IoTClient, principal: string): Promise<boolean> =>
  ((await client.send(new ListPrincipalThingsCommand({ principal }))).things ?? []).length > 1;

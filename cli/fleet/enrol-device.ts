import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  type IoTClient,
  ListThingPrincipalsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { devicePolicy, deviceThingType } from '../../core/names.ts';
import type { DeviceFolder } from './device-folder.ts';
import type { ListedDevice } from './device-list.ts';

/** `refused`: the thing has an active certificate that is not from this folder. */
export type Enrolled = 'enrolled' | 'already' | 'refused';

/**
 * Gives one device its identity: a certificate over a key that is made here, a thing, our policy, and the attachment of both
 * to each other. Each step may be repeated, so a run that was stopped anywhere is just run again. A stop between the
 * answer of AWS and its note on disk leaves a certificate that is attached to nothing and may do nothing.
 */
export const enrolDevice = async (
  client: IoTClient,
  { device, attributes }: ListedDevice,
  folder: DeviceFolder,
): Promise<Enrolled> => {
  if (folder.isEnrolled()) return 'already';
  const own = folder.certificateArn();
  if (await hasOtherCertificate(client, device, own)) return 'refused';
  const principal = own ?? (await issue(client, folder));
  await createThing(client, device, attributes);
  await client.send(new AttachPolicyCommand({ policyName: devicePolicy, target: principal }));
  // Exclusive: the connection is this thing's under any client id, and the certificate can never be another's.
  await client.send(
    new AttachThingPrincipalCommand({ thingName: device, principal, thingPrincipalType: 'EXCLUSIVE_THING' }),
  );
  folder.markEnrolled();
  return 'enrolled';
};

const issue = async (client: IoTClient, folder: DeviceFolder): Promise<string> => {
  const request = { certificateSigningRequest: folder.request(), setAsActive: true };
  const { certificateArn, certificatePem } = await client.send(new CreateCertificateFromCsrCommand(request));
  if (certificateArn === undefined || certificatePem === undefined) throw new Error('AWS IoT answered no certificate');
  folder.keepCertificate(certificatePem, certificateArn);
  return certificateArn;
};

/** One thing has one certificate. */
const hasOtherCertificate = async (client: IoTClient, device: string, own: string | undefined): Promise<boolean> => {
  for (const arn of await principalsOf(client, device)) {
    const id = /:cert\/([0-9a-f]+)$/.exec(arn)?.[1];
    if (id === undefined || arn === own) continue;
    const { certificateDescription } = await client.send(new DescribeCertificateCommand({ certificateId: id }));
    if (certificateDescription?.status === 'ACTIVE') return true;
  }
  return false;
};

const principalsOf = async (client: IoTClient, thingName: string): Promise<readonly string[]> => {
  try {
    return (await client.send(new ListThingPrincipalsCommand({ thingName }))).principals ?? [];
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return [];
    throw error;
  }
};

/** A thing that is there with other attributes or another type keeps them: it is adopted as it is. */
const createThing = async (client: IoTClient, thingName: string, attributes: Readonly<Record<string, string>>) => {
  const thing = { thingName, thingTypeName: deviceThingType, attributePayload: { attributes: { ...attributes } } };
  try {
    await client.send(new CreateThingCommand(thing));
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
  }
};

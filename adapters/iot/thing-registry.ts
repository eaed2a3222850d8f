import {
  DescribeCertificateCommand,
  type IoTClient,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { SallyportError } from '../../core/errors.ts';
import type { ThingCertificate, ThingRegistry } from '../../core/ports/thing-registry.ts';

const certificateIdPattern = /:cert\/([0-9a-f]{64})$/;
/** A thing with more certificates than a page holds is none of ours. */
const pageSize = 100;

/** AWS IoT's registry of things and certificates. Throws `unavailable` when it does not answer. */
export const createThingRegistry = ({ client }: { readonly client: IoTClient }): ThingRegistry => {
  const describe = async (id: string) =>
    (await found(client.send(new DescribeCertificateCommand({ certificateId: id }))))?.certificateDescription;
  const certificate = async (id: string): Promise<ThingCertificate> => {
    const description = await describe(id);
    return { id, active: description?.status === 'ACTIVE' };
  };
  return {
    certificatesOf: (device) =>
      translated('list certificates', async () => {
        const list = new ListThingPrincipalsCommand({ thingName: device, maxResults: pageSize });
        const { principals = [] } = (await found(client.send(list))) ?? {};
        // Amazon Cognito identities may be attached as well: they are no devices' certificates.
        const ids = principals.flatMap((arn) => certificateIdPattern.exec(arn)?.[1] ?? []);
        return Promise.all(ids.map(certificate));
      }),
    devicesOf: (id) =>
      translated('list things', async () => {
        const principal = (await describe(id))?.certificateArn;
        if (principal === undefined) return [];
        const list = new ListPrincipalThingsCommand({ principal, maxResults: pageSize });
        return (await found(client.send(list)))?.things ?? [];
      }),
    retire: (id, how) =>
      translated('change a certificate', async () => {
        const newStatus = how === 'revoked' ? 'REVOKED' : 'INACTIVE';
        await found(client.send(new UpdateCertificateCommand({ certificateId: id, newStatus })));
      }),
  };
};

/** What is not there has nothing attached and needs no retiring. */
const found = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};

const translated = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw new SallyportError('unavailable', { detail: `the registry of things did not ${what}`, cause });
  }
};

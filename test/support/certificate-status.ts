import { IoTClient, UpdateCertificateCommand } from '@aws-sdk/client-iot';
import type { LocalSystem } from '../../local/system/system.ts';

/** Changes a certificate in AWS IoT itself, as somebody with rights in the account and not as one of our roles. */
export const setCertificateStatus = async (
  { plane }: LocalSystem,
  certificateId: string,
  newStatus: 'ACTIVE' | 'INACTIVE' | 'REVOKED',
): Promise<void> => {
  const { place, policies, endpoint } = plane;
  const name = `owner-${newStatus}-${certificateId.slice(0, 8)}`;
  const arn = `arn:aws:iam::${place.account}:role/${name}`;
  const allow = { Effect: 'Allow', Action: 'iot:UpdateCertificate', Resource: `*` };
  const trust = {
    Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  };
  const documents = [{ Version: '2012-10-17', Statement: [allow] }];
  policies.principals.register({ name, arn, documents, trust: { Version: '2012-10-17', ...trust } });
  const credentials = endpoint.issueCredentials(arn);
  const client = new IoTClient({ endpoint: endpoint.url, region: place.region, credentials });
  try {
    await client.send(new UpdateCertificateCommand({ certificateId, newStatus }));
  } finally {
    client.destroy();
  }
};

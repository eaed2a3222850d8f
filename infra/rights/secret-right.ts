import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Foundation, SecretName } from '../foundation.ts';

/** The environment variable that carries a secret's ARN; the secret itself never stands in an environment. */
export const secretVariable: Readonly<Record<SecretName, string>> = {
  hostKeys: 'SALLYPORT_HOST_KEYS_SECRET',
  pins: 'SALLYPORT_PINS_SECRET',
  routerHostKeys: 'SALLYPORT_ROUTER_HOST_KEYS_SECRET',
  linkKey: 'SALLYPORT_LINK_KEY_SECRET',
  anchorKey: 'SALLYPORT_ANCHOR_KEY_SECRET',
  certificate: 'SALLYPORT_CERTIFICATE_SECRET',
};

export const secretStatement = (
  { secrets }: Foundation,
  name: SecretName,
  ...actions: readonly ('GetSecretValue' | 'PutSecretValue')[]
): PolicyStatement =>
  new PolicyStatement({
    sid: `Secret${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    actions: actions.map((action) => `secretsmanager:${action}`),
    resources: [secrets[name].secretArn],
  });

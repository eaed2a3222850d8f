import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../../adapters/aws/sha256.ts';
import { type AwsEndpoint, type AwsEndpointOptions, startAwsEndpoint } from '../../../local/aws-endpoint/endpoint.ts';
import type { PolicySystem } from '../../../local/iam/policy-system.ts';
import { policySystem } from '../../../local/iam/policy-system.ts';

export const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' } as const;
export const roleArn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
export const allow = (action: unknown, resource: unknown, condition?: unknown) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition ? { Condition: condition } : {}),
});

export const lambdaTrust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
};

export interface System {
  readonly policies: PolicySystem;
  readonly endpoint: AwsEndpoint;
  /** Registers a role with these statements. */
  addRole(name: string, statements: readonly unknown[], trust?: unknown): string;
  /** What a client of the SDK is configured with. */
  client(role: string): ClientSettings;
}

export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials: ReturnType<AwsEndpoint['issueCredentials']>;
}

export async function startSystem(
  parts: Omit<AwsEndpointOptions, 'place' | 'principals' | 'authorizer'>,
): Promise<System> {
  const policies = policySystem({ region: place.region });
  const { principals, authorizer } = policies;
  const endpoint = await startAwsEndpoint({ ...parts, place, principals, authorizer });
  return {
    policies,
    endpoint,
    addRole: (name, statements, trust = lambdaTrust) => {
      const documents = statements.length === 0 ? [] : [{ Version: '2012-10-17', Statement: statements }];
      principals.register({ name, arn: roleArn(name), documents, trust });
      return name;
    },
    client: (role) => ({
      endpoint: endpoint.url,
      region: place.region,
      maxAttempts: 1,
      credentials: endpoint.issueCredentials(roleArn(role)),
    }),
  };
}

/** Sends a request signed by hand: for services whose SDK client is no dependency, and for forgeries. */
export async function send(
  settings: Pick<ClientSettings, 'endpoint' | 'region' | 'credentials'>,
  service: string,
  { method = 'POST', path = '/', headers = {}, body = '', signingDate = new Date(), change = () => {} }: SendOptions,
): Promise<{ readonly status: number; readonly text: string; readonly json: Readonly<Record<string, unknown>> }> {
  const url = new URL(settings.endpoint);
  const signer = new SignatureV4({
    service,
    region: settings.region,
    credentials: settings.credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = {
    method,
    protocol: 'http:',
    hostname: url.hostname,
    path,
    body,
    headers: { ...headers, host: url.host },
  };
  const signed = await signer.sign(request, { signingDate });
  const sent = { headers: { ...signed.headers }, body };
  change(sent);
  const response = await fetch(`${settings.endpoint}${path}`, { method, headers: sent.headers, body: sent.body });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}

export interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signingDate?: Date;
  /** What somebody on the way does to the signed request. */
  readonly change?: (sent: { headers: Record<string, string>; body: string }) => void;
}

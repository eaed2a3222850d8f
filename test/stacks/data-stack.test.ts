import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf, synthesizeStage, textOf, withoutHashes } from './stage.ts';
import { lineOf, statementsOf } from './statements.ts';

const { data } = synthesizeStage();
const taskOf = (id: string, template = data) => {
  const found = resourcesOf(template, 'AWS::ECS::TaskDefinition').find(([logicalId]) => logicalId.startsWith(id));
  if (found === undefined) throw new Error(`no task ${id}`);
  return found[1].Properties;
};
const environmentOf = (id: string, template = data): Readonly<Record<string, string>> =>
  Object.fromEntries(
    taskOf(id, template).ContainerDefinitions[0].Environment.map((one: { Name: string; Value: unknown }) => [
      one.Name,
      textOf(one.Value),
    ]),
  );

test.each(['Relay', 'Router'])('the %s runs on the host network, not as root, with its own two roles', (id) => {
  const task = taskOf(id);
  expect(task).toMatchObject({ NetworkMode: 'host', RequiresCompatibilities: ['EC2'] });
  expect(textOf(task.TaskRoleArn)).not.toBe(textOf(task.ExecutionRoleArn));
  const [container, ...more] = task.ContainerDefinitions;
  expect(more).toEqual([]);
  expect(container).toMatchObject({
    Name: id.toLowerCase(),
    User: 'node',
    ReadonlyRootFilesystem: true,
    LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
    DockerSecurityOptions: ['no-new-privileges'],
    Ulimits: [{ Name: 'nofile', SoftLimit: 1_048_576, HardLimit: 1_048_576 }],
    LogConfiguration: { LogDriver: 'awslogs', Options: { mode: 'non-blocking' } },
    StopTimeout: 360,
  });
  for (const { ContainerPort, HostPort } of container.PortMappings) {
    expect(HostPort).toBe(ContainerPort);
    expect(HostPort).toBeGreaterThan(1023);
  }
});

test('a secret reaches a process by its ARN only', () => {
  for (const id of ['Relay', 'Router']) expect(taskOf(id).ContainerDefinitions[0].Secrets).toBeUndefined();
  expect(environmentOf('Relay').SALLYPORT_HOST_KEYS_SECRET).toBe('<SecretsHostKeys>');
  expect(environmentOf('Router').SALLYPORT_ROUTER_HOST_KEYS_SECRET).toBe('<SecretsRouterHostKeys>');
});

test("with a domain, and only then, the router reads the names' certificate and the link key, and neither writes", () => {
  const rightsTo = (template: Template) =>
    statementsOf(template)
      .filter(({ sid }) => sid === 'SecretCertificate' || sid === 'SecretLinkKey')
      .map((statement) => `${statement.role}: ${lineOf(statement)}`);
  expect(rightsTo(data)).toEqual([]);
  expect(Object.keys(environmentOf('Router'))).not.toContain('SALLYPORT_LINK_KEY_SECRET');
  const named = synthesizeStage({ domain: 'tunnels.example.com' }).data;
  expect(environmentOf('Router', named)).toMatchObject({
    SALLYPORT_CERTIFICATE_SECRET: '<SecretsCertificate>',
    SALLYPORT_LINK_KEY_SECRET: '<SecretsLinkKey>',
  });
  expect(Object.keys(environmentOf('Relay', named)).filter((name) => name.endsWith('_SECRET'))).toEqual([
    'SALLYPORT_HOST_KEYS_SECRET',
  ]);
  expect(rightsTo(named)).toEqual([
    'RouterTaskRole: secretsmanager:GetSecretValue on <SecretsCertificate>',
    'RouterTaskRole: secretsmanager:GetSecretValue on <SecretsLinkKey>',
  ]);
});

test('processes learn their tables and their own settings', () => {
  expect(environmentOf('Relay')).toEqual({
    SALLYPORT_TABLE_DEVICES: '<TablesDevices>',
    SALLYPORT_TABLE_TUNNELS: '<TablesTunnels>',
    SALLYPORT_TABLE_PORT_CLAIMS: '<TablesPortClaims>',
    SALLYPORT_TABLE_RELAYS: '<TablesRelays>',
    SALLYPORT_TABLE_CHANGES: '<TablesChanges>',
    SALLYPORT_TABLE_AUDIT: '<TablesAudit>',
    SALLYPORT_HOST_KEYS_SECRET: '<SecretsHostKeys>',
    SALLYPORT_RELAY_LISTEN: '0.0.0.0:2222',
    SALLYPORT_DOOR_LISTEN: '0.0.0.0:7022',
    SALLYPORT_ADMIN_LISTEN: '127.0.0.1:9464',
    SALLYPORT_PROXY_PROTOCOL: 'required',
    SALLYPORT_DRAIN_SECONDS: '300',
    SALLYPORT_VERSION: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
  expect(environmentOf('Router')).toMatchObject({
    SALLYPORT_DOMAIN: 'sallyport.internal',
    SALLYPORT_OPEN_FOR_JUMP: '<FunctionsOpenForJumpFunction>',
    SALLYPORT_ROUTER_LISTEN: '0.0.0.0:8443',
    SALLYPORT_SIGN_IN_SECONDS: '43200',
    SALLYPORT_PROXY_PROTOCOL: 'required',
  });
});

test('the template is this', () => {
  expect(withoutHashes(data)).toMatchSnapshot();
});

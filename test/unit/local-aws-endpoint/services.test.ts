import {
  AttachThingPrincipalCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  IoTClient,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import {
  DeleteConnectionCommand,
  IoTDataPlaneClient,
  PublishCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type {
  CertificateStatus,
  ThingPrincipal,
  ThingRegistry,
} from '../../../local/aws-endpoint/services/iot-control.ts';
import type { IotDataHandler } from '../../../local/aws-endpoint/services/iot-data.ts';
import { contextOf } from '../../../local/iam/condition-context.ts';
import { lambdaPermissionDocument } from '../../../local/iam/lambda-permission.ts';
import { DataPlaneError } from '../../../local/iot/data-plane-error.ts';
import { allow, roleArn, type System, send, startSystem } from './system.ts';

const IOT = 'arn:aws:iot:eu-west-1:111122223333';
const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:open-for-jump';
const CERTIFICATE = `${IOT}:cert/c1`;

const iotData: IotDataHandler = {
  dataPlaneActions: ({ method, path, query }) => {
    const [, collection, name = ''] = path.split('/').map(decodeURIComponent);
    if (collection === 'topics') return [{ action: 'iot:Publish', resource: `${IOT}:topic/${name}`, conditions: {} }];
    if (method === 'DELETE') throw new DataPlaneError('MethodNotAllowedException', 'not offered');
    return [
      {
        action: 'iot:SendDirectMessage',
        resource: `${IOT}:client/${name}`,
        conditions: { 'iot:Topic': query.topic ?? '' },
      },
    ];
  },
  handleDataPlaneRequest: async ({ path, body }, principal) => ({
    status: path.includes('gone') ? 404 : 200,
    headers: {
      'content-type': 'application/json',
      ...(path.includes('gone') ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}),
    },
    body: Buffer.from(JSON.stringify({ message: `${body} from ${principal}` })),
  }),
};

class Things implements ThingRegistry {
  attached: (ThingPrincipal & { thing: string })[] = [];
  status: CertificateStatus = 'ACTIVE';
  thing = (thingName: string) =>
    thingName.startsWith('pump') ? { thingName, thingId: 'x', attributes: { site: 'north' }, version: 1 } : undefined;
  certificate = (certificateId: string) =>
    certificateId === 'c1'
      ? { certificateId, certificateArn: CERTIFICATE, certificatePem: 'pem', status: this.status, createdAt: 1_000_000 }
      : undefined;
  principalsOf = (name: string) => this.attached.filter(({ thing }) => thing === name);
  thingsOf = (principal: string) =>
    this.attached.filter((one) => one.principal === principal).map(({ thing }) => thing);
  attach = (thing: string, principal: ThingPrincipal) => void this.attached.push({ thing, ...principal });
  detach = (thing: string) => {
    this.attached = this.attached.filter((one) => one.thing !== thing);
  };
  setCertificateStatus = (_: string, status: CertificateStatus) => {
    this.status = status;
  };
  endpointAddress = () => 'iot.sallyport.localhost';
}

let system: System;
let things: Things;
let invoked: (readonly [string, string, string])[];
beforeEach(async () => {
  things = new Things();
  invoked = [];
  system = await startSystem({
    iotData,
    things,
    lambda: {
      invoke: async (arn, payload, type) => {
        invoked.push([arn, payload.toString(), type]);
        if (arn.endsWith('nope')) return undefined;
        const failed = payload.includes('fail');
        return {
          payload: Buffer.from(failed ? '{"errorMessage":"no"}' : '{"ok":true}'),
          ...(failed ? { functionError: 'Unhandled' } : {}),
        };
      },
    },
  });
});
afterEach(() => system.endpoint.close());

let count = 0;
const settings = (statements: readonly unknown[], trust?: unknown) =>
  system.client(system.addRole(`Role${count++}`, statements, trust));

describe('IoT data plane', () => {
  test('publishes and direct messages, each as far as it is allowed', async () => {
    const onlyCommands = { StringLike: { 'iot:Topic': 'sallyport/v1/devices/*/commands' } };
    const iot = new IoTDataPlaneClient(
      settings([allow('iot:SendDirectMessage', `${IOT}:client/pump-*`, onlyCommands)]),
    );
    const direct = (clientId: string, topic: string) =>
      iot.send(
        new SendDirectMessageCommand({
          clientId,
          topic,
          confirmation: true,
          timeout: 4,
          payload: Buffer.from('hello'),
        }),
      );
    expect((await direct('pump-7', 'sallyport/v1/devices/pump-7/commands')).message).toBe(
      `hello from arn:aws:sts::111122223333:assumed-role/Role${count - 1}/local`,
    );
    await expect(direct('gone-7', 'sallyport/v1/devices/x/commands')).rejects.toMatchObject({
      name: 'ForbiddenException',
      message: 'Forbidden',
    });
    await expect(direct('pump-gone', 'sallyport/v1/devices/x/commands')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(direct('pump-7', 'else')).rejects.toMatchObject({
      name: 'ForbiddenException',
      $metadata: { httpStatusCode: 403 },
    });
    await expect(iot.send(new PublishCommand({ topic: 'a/b', qos: 1 }))).rejects.toMatchObject({
      name: 'ForbiddenException',
    });
    await expect(iot.send(new DeleteConnectionCommand({ clientId: 'pump-7' }))).rejects.toMatchObject({
      name: 'MethodNotAllowedException',
    });
    expect(system.policies.ledger.denials().map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `iot:SendDirectMessage ${IOT}:client/gone-7`,
      `iot:SendDirectMessage ${IOT}:client/pump-7`,
      `iot:Publish ${IOT}:topic/a/b`,
    ]);
  });
});

describe('IoT control plane', () => {
  const everything = () => new IoTClient(settings([allow('iot:*', '*')]));

  test('a thing, its certificate and the endpoint', async () => {
    const iot = everything();
    expect(await iot.send(new DescribeThingCommand({ thingName: 'pump-7' }))).toMatchObject({
      thingArn: `${IOT}:thing/pump-7`,
      attributes: { site: 'north' },
    });
    await expect(iot.send(new DescribeThingCommand({ thingName: 'x' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await iot.send(
      new AttachThingPrincipalCommand({
        thingName: 'pump-7',
        principal: CERTIFICATE,
        thingPrincipalType: 'EXCLUSIVE_THING',
      }),
    );
    await expect(
      iot.send(new AttachThingPrincipalCommand({ thingName: 'pump-8', principal: CERTIFICATE })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect((await iot.send(new ListThingPrincipalsCommand({ thingName: 'pump-7' }))).principals).toEqual([CERTIFICATE]);
    expect((await iot.send(new ListPrincipalThingsCommand({ principal: CERTIFICATE }))).things).toEqual(['pump-7']);
    await iot.send(new UpdateCertificateCommand({ certificateId: 'c1', newStatus: 'INACTIVE' }));
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId: 'c1' }));
    expect(certificateDescription).toMatchObject({ status: 'INACTIVE', creationDate: new Date(1_000_000) });
    expect((await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }))).endpointAddress).toBe(
      'iot.sallyport.localhost',
    );
  });

  test('each by its own permission', async () => {
    const iot = new IoTClient(
      settings([
        allow('iot:AttachThingPrincipal', CERTIFICATE, { ArnLike: { 'iot:ThingArn': `${IOT}:thing/pump-7` } }),
      ]),
    );
    const attach = (thingName: string) =>
      iot.send(new AttachThingPrincipalCommand({ thingName, principal: CERTIFICATE }));
    await attach('pump-7');
    await expect(attach('pump-8')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`iot:AttachThingPrincipal on resource: ${CERTIFICATE} because`),
      $metadata: { httpStatusCode: 403 },
    });
    await expect(
      iot.send(new UpdateCertificateCommand({ certificateId: 'c1', newStatus: 'REVOKED' })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(things.status).toBe('ACTIVE');
  });
});

describe('Lambda', () => {
  const invoke = (lambda: LambdaClient, FunctionName: string, payload: string, InvocationType?: 'Event' | 'DryRun') =>
    lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from(payload), InvocationType }));

  test('invokes by name or ARN, waits or not, and tells a function\u2019s error from its own', async () => {
    const lambda = new LambdaClient(settings([allow('lambda:InvokeFunction', [FUNCTION, `${FUNCTION}-nope`])]));
    const reply = await invoke(lambda, 'open-for-jump', '{"a":1}');
    expect([reply.StatusCode, reply.Payload && Buffer.from(reply.Payload).toString()]).toEqual([200, '{"ok":true}']);
    expect((await invoke(lambda, FUNCTION, '"fail"')).FunctionError).toBe('Unhandled');
    expect((await invoke(lambda, FUNCTION, '{}', 'Event')).StatusCode).toBe(202);
    expect((await invoke(lambda, FUNCTION, '{}', 'DryRun')).StatusCode).toBe(204);
    await expect(invoke(lambda, 'open-for-jump-nope', '{}')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(invoked.slice(0, 3)).toEqual([
      [FUNCTION, '{"a":1}', 'RequestResponse'],
      [FUNCTION, '"fail"', 'RequestResponse'],
      [FUNCTION, '{}', 'Event'],
    ]);
  });

  test('a qualifier is part of the resource', async () => {
    const lambda = new LambdaClient(settings([allow('lambda:InvokeFunction', FUNCTION)]));
    await expect(invoke(lambda, `${FUNCTION}:live`, '{}')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`on resource: ${FUNCTION}:live because`),
    });
  });

  test('a function\u2019s own permission lets in a service, of that source only, or a role', async () => {
    const { store, authorizer } = system.policies;
    const guest = settings([]);
    const permission = { functionArn: FUNCTION, action: 'lambda:InvokeFunction' };
    const source = { sourceArn: `${IOT}:rule/hello`, sourceAccount: '111122223333' };
    for (const given of [
      { ...permission, ...source, principal: 'iot.amazonaws.com' },
      { ...permission, principal: roleArn(`Role${count - 1}`) },
    ])
      store.append(FUNCTION, 'resource', lambdaPermissionDocument(given));
    const rule = (sourceArn: string) =>
      authorizer.decide(
        { kind: 'service', service: 'iot.amazonaws.com', sourceArn, sourceAccount: '111122223333' },
        { action: 'lambda:InvokeFunction', resource: FUNCTION, context: contextOf({}) },
      ).allowed;
    expect(rule(`${IOT}:rule/hello`)).toBe(true);
    expect(rule(`${IOT}:rule/other`)).toBe(false);
    await invoke(new LambdaClient(guest), FUNCTION, '{}');
  });
});

describe('STS', () => {
  const form = (fields: Readonly<Record<string, string>>) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Version: '2011-06-15', ...fields }).toString(),
  });

  test('who am I needs no permission', async () => {
    const { text } = await send(settings([]), 'sts', form({ Action: 'GetCallerIdentity' }));
    expect(text).toContain(`<Arn>arn:aws:sts::111122223333:assumed-role/Role${count - 1}/local</Arn>`);
  });

  test('a role is assumed where its trust policy agrees', async () => {
    const trusting = (principal: string) => ({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'e1' } },
      },
    });
    const operator = settings([]);
    const operatorRole = roleArn(`Role${count - 1}`);
    system.addRole('Target', [allow('iot:DescribeEndpoint', '*')], trusting(operatorRole));
    system.addRole('Closed', [allow('iot:DescribeEndpoint', '*')], trusting('arn:aws:iam::111122223333:root'));
    const assume = (role: string, ExternalId = 'e1') =>
      send(operator, 'sts', form({ Action: 'AssumeRole', RoleArn: roleArn(role), RoleSessionName: 'me', ExternalId }));
    const { text } = await assume('Target');
    const field = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1] ?? '';
    const credentials = {
      accessKeyId: field('AccessKeyId'),
      secretAccessKey: field('SecretAccessKey'),
      sessionToken: field('SessionToken'),
    };
    const iot = new IoTClient({ ...operator, credentials });
    await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
    expect((await assume('Target', 'e2')).text).toContain('<Code>AccessDenied</Code>');
    expect((await assume('Closed')).text).toContain('is not authorized to perform: sts:AssumeRole');
    expect((await assume('Nobody')).status).toBe(403);
  });
});

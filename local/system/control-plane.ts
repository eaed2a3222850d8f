import type { JWTVerifyGetKey } from 'jose';
import { type AwsEndpoint, startAwsEndpoint } from '../aws-endpoint/endpoint.ts';
import type { TableFacts } from '../aws-endpoint/services/dynamodb-permission.ts';
import { KeyRing } from '../aws-endpoint/services/key-ring.ts';
import { SecretStore } from '../aws-endpoint/services/secret-store.ts';
import type { Authority } from '../ca/authority.ts';
import { readAssembly } from '../cloudformation/assembly.ts';
import { cloudOnly } from '../cloudformation/cloud-only.ts';
import { handlerOf } from '../cloudformation/handlers.ts';
import type { Place } from '../cloudformation/place.ts';
import { type Outputs, provision } from '../cloudformation/provision.ts';
import { type DynamoDbStandIn, startDynamoDb } from '../dynamodb/dynamodb.ts';
import { EventBus } from '../event-sources/event-bus.ts';
import { Schedules } from '../event-sources/schedules.ts';
import { ApiDefinitions } from '../http-api/api-definition.ts';
import { startHttpApi } from '../http-api/http-api.ts';
import { type PolicySystem, policySystem } from '../iam/policy-system.ts';
import { type IotStandIn, startIot } from '../iot/iot.ts';
import { Functions } from '../lambda/functions.ts';
import type { LoopbackServer } from '../loopback.ts';
import type { TaskDefinition } from '../processes/task-definition.ts';
import { Closers } from './closers.ts';
import { CustomResources } from './custom-resources.ts';
import { DeviceRegistry } from './device-registry.ts';
import { FleetProvisioning } from './fleet-provisioning.ts';
import { iamCheck } from './iam-gateway.ts';
import { invokeForClients } from './invoke-for-clients.ts';
import { IotTargets } from './iot-targets.ts';
import { localCloud } from './local-cloud.ts';
import type { LogFiles } from './log-files.ts';
import { RoleCredentials } from './role-credentials.ts';
import { ServiceInvoker } from './service-invoker.ts';
import type { StateDirectory } from './state-directory.ts';
import { StreamSources } from './stream-sources.ts';

export interface ControlPlaneOptions {
  /** What synthesis wrote. */
  readonly assembly: string;
  readonly place: Place;
  /** Without it nothing outlives the process. */
  readonly state?: StateDirectory;
  readonly logs: LogFiles;
  readonly authority: Authority;
  /** The keys of a token issuer, by its name. */
  readonly keysOf: (issuer: string) => JWTVerifyGetKey;
  /** The port of an API by its name, and of the broker; 0: any free one. */
  readonly apiPort: (name: string) => number;
  readonly brokerPort: number;
  /** Settings of functions that only this machine knows. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Everything of the cloud but its processes. */
export interface ControlPlane {
  readonly place: Place;
  readonly policies: PolicySystem;
  readonly dynamodb: DynamoDbStandIn;
  readonly iot: IotStandIn;
  readonly endpoint: AwsEndpoint;
  readonly functions: Functions;
  readonly schedules: Schedules;
  readonly devices: DeviceRegistry;
  readonly roles: RoleCredentials;
  readonly secrets: SecretStore;
  readonly tasks: readonly TaskDefinition[];
  readonly outputs: Outputs;
  /** URL by the API's name. */
  readonly apis: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

const brokerAddress = '127.0.0.1';

/** Starts the services and makes in them what the templates describe. Closes what it opened when that fails. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(options: ControlPlaneOptions, closers: Closers): Promise<ControlPlane> {
  const { place, state, logs, authority } = options;
  const fileOption = (name: string) => (state === undefined ? {} : { file: state.file(name) });
  const onDenied = ({ message }: { message: string }) => logs.write('denied', message);
  const policies = policySystem({ region: place.region, onDenied });
  const onLine = (name: string, line: string) => logs.write('functions', `${name} ${line}`);

  const [stacks, dynamodb, certificate] = await Promise.all([
    readAssembly(options.assembly),
    startDynamoDb({ ...place, ttlSweepMs: 60_000, ...(state === undefined ? {} : { path: state.file('dynamodb') }) }),
    authority.issueServer(['localhost'], [brokerAddress]),
  ]);
  closers.add(() => dynamodb.close());

  const roles = new RoleCredentials({ place, authorizer: policies.authorizer, endpoint: () => endpoint });
  const functions = new Functions({
    roleVariables: (roleArn, name) => roles.variables(roleArn, name),
    overrides: options.overrides,
    onLine,
  });
  const invoker = new ServiceInvoker({ place, functions, authorizer: policies.authorizer, store: policies.store });
  const iotTargets = new IotTargets(invoker);
  const devices = new DeviceRegistry({
    place,
    policies: policies.store,
    authority,
    endpoint: brokerAddress,
    ...fileOption('devices.json'),
  });
  const provisioning = new FleetProvisioning({ place, devices, policies, invoker });
  const bus = new EventBus({
    ...place,
    invoke: (functionArn, payload, sourceArn) =>
      invoker.invokeLater('events.amazonaws.com', functionArn, { payload, sourceArn }),
  });
  const iot = await startIot({
    ...place,
    ...certificate,
    address: brokerAddress,
    port: options.brokerPort,
    deviceAuthority: authority.certificate,
    registry: devices,
    authorize: policies.authorizeIot,
    reserved: provisioning,
    invoke: (target, event) => iotTargets.act(target, event),
    invokeAuthorizer: (name, event) => iotTargets.authorize(name, event),
    log: (event, details) => logs.write('broker', JSON.stringify({ event, ...details })),
  });
  closers.add(() => iot.close());

  const tables = new Map<string, TableFacts>();
  const secrets = new SecretStore({
    place: { partition: 'aws', ...place },
    ...(state === undefined ? {} : { path: state.file('secrets.json') }),
  });
  const keys = new KeyRing(state?.file('keys.json'));
  const endpoint = await startAwsEndpoint({
    place: { partition: 'aws', ...place },
    principals: policies.principals,
    authorizer: policies.authorizer,
    dynamodb,
    tables: (name) => tables.get(name),
    iotData: iot,
    things: devices,
    fleet: devices,
    onIotChange: (operation, parameters) => bus.called('iot', operation, parameters),
    lambda: { invoke: (functionArn, payload, type) => invokeForClients(functions, functionArn, { payload, type }) },
    secrets,
    keys,
    onFailure: (error) => logs.write('endpoint', error instanceof Error ? (error.stack ?? '') : String(error)),
  });
  closers.add(() => endpoint.close());
  // Before the endpoint: a function that is still at work ends for want of its thread, not of AWS.
  closers.add(() => functions.close());

  const streams = new StreamSources({ dynamodb, functions, policies, onLine });
  closers.add(async () => streams.close());
  const schedules = new Schedules({
    ...place,
    invoke: async (functionArn, payload, sourceArn) => {
      const outcome = await invoker.invoke('events.amazonaws.com', functionArn, { payload, sourceArn });
      if (outcome.kind === 'failure') throw new Error(outcome.error.errorMessage);
    },
    onFailure: ({ logicalId }, error) => logs.write('functions', `schedule ${logicalId} failed: ${String(error)}`),
  });
  closers.add(async () => schedules.stop());
  const running = new Map<string, LoopbackServer>();
  const checkIam = iamCheck(() => endpoint, policies.authorizer);
  const apis = new ApiDefinitions(async (api) => {
    const served = await startHttpApi({
      ...place,
      api,
      checkIam,
      keysOf: options.keysOf,
      port: options.apiPort(api.name),
      invoke: (functionArn, payload, sourceArn) =>
        invoker.invoke('apigateway.amazonaws.com', functionArn, { payload, sourceArn }),
      onAccess: (line) => logs.write('api', line),
    });
    running.set(api.name, served);
    closers.add(() => served.close());
    return served.url;
  });

  const tasks: TaskDefinition[] = [];
  const customResources = new CustomResources({
    invoke: (functionArn, payload) => functions.invoke(functionArn, payload),
    ...fileOption('custom-resources.json'),
  });
  const cloud = localCloud({
    place,
    policies,
    dynamodb,
    functions,
    invoker,
    roles,
    streams,
    schedules,
    bus,
    provisioning,
    apis,
    iot,
    iotTargets,
    secrets,
    keys,
    customResources,
    tables,
    tasks,
  });
  const outputs = await provision(stacks, { place, cloud, handlerOf, cloudOnly });
  schedules.start();

  return {
    place,
    policies,
    dynamodb,
    iot,
    endpoint,
    functions,
    schedules,
    devices,
    roles,
    secrets,
    tasks,
    outputs,
    apis: new Map([...running].map(([name, { url }]) => [name, url])),
    close: () => closers.close(),
  };
}

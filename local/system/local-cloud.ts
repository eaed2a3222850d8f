import type { TableFacts } from '../aws-endpoint/services/dynamodb-permission.ts';
import type { KeyRing } from '../aws-endpoint/services/key-ring.ts';
import type { SecretStore } from '../aws-endpoint/services/secret-store.ts';
import type { Cloud } from '../cloudformation/cloud.ts';
import type { Place } from '../cloudformation/place.ts';
import type { DynamoDbStandIn } from '../dynamodb/dynamodb.ts';
import type { EventBus } from '../event-sources/event-bus.ts';
import type { Schedules } from '../event-sources/schedules.ts';
import type { ApiDefinitions } from '../http-api/api-definition.ts';
import type { PolicySystem } from '../iam/policy-system.ts';
import type { IotStandIn } from '../iot/iot.ts';
import type { Functions } from '../lambda/functions.ts';
import type { TaskDefinition } from '../processes/task-definition.ts';
import type { CustomResources } from './custom-resources.ts';
import type { FleetProvisioning } from './fleet-provisioning.ts';
import type { IotTargets } from './iot-targets.ts';
import type { RoleCredentials } from './role-credentials.ts';
import type { ServiceInvoker } from './service-invoker.ts';
import type { StreamSources } from './stream-sources.ts';

export interface LocalCloudParts {
  readonly place: Place;
  readonly policies: PolicySystem;
  readonly dynamodb: DynamoDbStandIn;
  readonly functions: Functions;
  readonly invoker: ServiceInvoker;
  readonly roles: RoleCredentials;
  readonly streams: StreamSources;
  readonly schedules: Schedules;
  readonly bus: EventBus;
  readonly provisioning: FleetProvisioning;
  readonly apis: ApiDefinitions;
  readonly iot: IotStandIn;
  readonly iotTargets: IotTargets;
  readonly secrets: SecretStore;
  readonly keys: KeyRing;
  readonly customResources: CustomResources;
  /** What the endpoint must know of each table. */
  readonly tables: Map<string, TableFacts>;
  readonly tasks: TaskDefinition[];
}

/** Puts what the templates describe into the running services. */
export function localCloud(parts: LocalCloudParts): Cloud {
  const { policies, functions, iot, iotTargets, secrets, keys } = parts;
  const owners = new Map<string, string>();
  const thingTypes = new Set<string>();

  return {
    apis: parts.apis,
    managedPolicies: new Map(),
    createTable: async ({ name, arn, keyArn, stream, ttlAttribute, ...definition }) => {
      await parts.dynamodb.createTable({
        tableName: name,
        ...definition,
        ...(stream === undefined ? {} : { stream }),
        ...(ttlAttribute === undefined ? {} : { ttlAttribute }),
      });
      const partition = (schema: (typeof definition)['keySchema']) => schema[0]?.AttributeName ?? '';
      const indexes = [...definition.globalSecondaryIndexes, ...definition.localSecondaryIndexes];
      parts.tables.set(name, {
        arn,
        partitionKey: partition(definition.keySchema),
        indexes: Object.fromEntries(indexes.map((index) => [index.IndexName, partition(index.KeySchema)])),
        ...(keyArn === undefined ? {} : { kmsKeyArn: keyArn }),
      });
      return stream === undefined ? {} : { streamArn: await streamArnOf(parts.dynamodb, name) };
    },
    addRole: ({ owner, name, arn, trust, documents }) => {
      policies.principals.register({ name: owner, arn, documents, trust });
      owners.set(name, owner);
    },
    attachPolicy: (roleName, document) => {
      const owner = owners.get(roleName);
      if (owner === undefined) throw new Error(`there is no role ${roleName}`);
      policies.store.append(owner, 'identity', document);
    },
    addFunction: (spec) => {
      parts.roles.checkTrust(spec.roleArn, 'lambda.amazonaws.com', spec.arn);
      functions.add(spec);
    },
    permit: (permission) => parts.invoker.permit(permission),
    configureAsync: (functionArn, settings) => functions.configureAsync(functionArn, settings),
    addEventSource: (mapping) => parts.streams.add(mapping),
    addSchedule: (schedule) => parts.schedules.add(schedule),
    addEventRule: (rule) => parts.bus.add(rule),
    addIotPolicy: (name, document) => policies.store.register(name, 'iot', [document]),
    addIotRule: (rule) => {
      if (rule.sqlVersion !== '2016-03-23') throw new Error(`SQL version ${rule.sqlVersion} is not known here`);
      if (!rule.enabled) return;
      iot.addRule({ name: rule.name, sql: rule.sql, targets: iotTargets.targetsOf(rule) });
    },
    addIotAuthorizer: (authorizer) => iotTargets.addAuthorizer(authorizer),
    addThingType: (name) => void thingTypes.add(name),
    addProvisioningTemplate: (template) => {
      parts.roles.checkTrust(template.roleArn, 'iot.amazonaws.com', template.arn);
      parts.provisioning.add(template);
    },
    createSecret: ({ name, arn, keyArn }) => {
      secrets.ensure({
        name,
        arn,
        ...(keyArn === undefined ? {} : { kmsKeyId: keyArn }),
      });
    },
    createKey: ({ arn, policy }) => {
      keys.add({ arn });
      if (policy !== undefined) policies.store.register(arn, 'resource', [policy]);
    },
    addKeyAlias: (name, keyArn) => keys.addAlias(keyArn, name),
    addTask: (task) => {
      if (task.roleArn !== undefined) {
        const { region, account } = parts.place;
        parts.roles.checkTrust(task.roleArn, 'ecs-tasks.amazonaws.com', `arn:aws:ecs:${region}:${account}:task/local`);
      }
      parts.tasks.push(task);
    },
    customResource: (request) => parts.customResources.make(request),
  };
}

async function streamArnOf(dynamodb: DynamoDbStandIn, table: string): Promise<string> {
  const { body } = await dynamodb.call('DescribeTable', { TableName: table });
  return String((body as { Table?: { LatestStreamArn?: string } }).Table?.LatestStreamArn);
}

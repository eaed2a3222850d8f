import type { EventSourceMapping } from '../event-sources/event-source-mapping.ts';
import type { Schedule } from '../event-sources/schedule.ts';
import type { ApiDefinitions } from '../http-api/api-definition.ts';
import type { LambdaPermission } from '../iam/lambda-permission.ts';
import type { AsyncSettings, FunctionSpec } from '../lambda/function-spec.ts';
import type { TaskDefinition } from '../processes/task-definition.ts';

export interface TableSpec {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  readonly attributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  readonly globalSecondaryIndexes: readonly IndexSpec[];
  readonly localSecondaryIndexes: readonly IndexSpec[];
  readonly stream?: 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY';
  readonly ttlAttribute?: string;
  /** The customer's key that encrypts it; callers then need the key's permissions too. */
  readonly keyArn?: string;
}

export interface IndexSpec {
  readonly IndexName: string;
  readonly KeySchema: TableSpec['keySchema'];
  readonly Projection: {
    readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
    readonly NonKeyAttributes?: readonly string[];
  };
}

export interface RoleSpec {
  /** `<stack>/<logical id>`: how reports name it. */
  readonly owner: string;
  readonly name: string;
  readonly arn: string;
  readonly trust: unknown;
  readonly documents: readonly unknown[];
}

export interface SecretSpec {
  readonly name: string;
  readonly arn: string;
  readonly keyArn?: string;
}

export interface KeySpec {
  readonly id: string;
  readonly arn: string;
  /** Absent: the policy that AWS gives a key. */
  readonly policy?: unknown;
}

export interface IotRuleSpec {
  readonly name: string;
  readonly arn: string;
  readonly sql: string;
  readonly sqlVersion: string;
  readonly enabled: boolean;
  readonly functionArns: readonly string[];
}

export interface IotAuthorizerSpec {
  readonly name: string;
  readonly arn: string;
  readonly functionArn: string;
}

export interface EventRuleSpec {
  readonly arn: string;
  readonly pattern: unknown;
  readonly enabled: boolean;
  readonly functionArns: readonly string[];
}

export interface ProvisioningTemplateSpec {
  readonly name: string;
  readonly arn: string;
  /** JSON. */
  readonly body: string;
  readonly enabled: boolean;
  /** In whose name AWS IoT makes what the template says. */
  readonly roleArn: string;
  readonly hookArn?: string;
}

export interface CustomResourceRequest {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** The function that does the work. */
  readonly serviceToken: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The running services in which resources are made. Refusals are errors whose message goes into the report. */
export interface Cloud {
  /** Resolves to the ARN of the table's stream, if it has one. */
  createTable(table: TableSpec): Promise<{ readonly streamArn?: string }>;
  addRole(role: RoleSpec): void;
  /** Adds a policy to a role that stands, by name. */
  attachPolicy(roleName: string, document: unknown): void;
  /** Managed policies of the templates, by ARN. */
  readonly managedPolicies: Map<string, unknown>;
  addFunction(spec: FunctionSpec): void;
  permit(permission: LambdaPermission): void;
  configureAsync(functionArn: string, settings: AsyncSettings): void;
  addEventSource(mapping: EventSourceMapping): void;
  addSchedule(schedule: Schedule): void;
  addEventRule(rule: EventRuleSpec): void;
  readonly apis: ApiDefinitions;
  addIotPolicy(name: string, document: unknown): void;
  addIotRule(rule: IotRuleSpec): void;
  addIotAuthorizer(authorizer: IotAuthorizerSpec): void;
  addThingType(name: string): void;
  addProvisioningTemplate(template: ProvisioningTemplateSpec): void;
  /** Finds it with its versions where an earlier start made it. */
  createSecret(secret: SecretSpec): void;
  createKey(key: KeySpec): void;
  addKeyAlias(name: string, keyArn: string): void;
  addTask(task: TaskDefinition): void;
  /** Has the function create it, or finds what it created at an earlier start. */
  customResource(
    request: CustomResourceRequest,
  ): Promise<{ readonly ref: string; readonly attributes: Readonly<Record<string, unknown>> }>;
}

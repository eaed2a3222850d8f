import { Aws, Duration, Stack } from 'aws-cdk-lib';
import {
  AwsLogDriverMode,
  Capability,
  ContainerImage,
  Ec2TaskDefinition,
  LinuxParameters,
  LogDrivers,
  NetworkMode,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { logStatement } from '../rights/log-right.ts';
import { HouseLogGroup } from './house-log-group.ts';
import { HouseRole } from './house-role.ts';

/** Sockets a process may hold: far more than any limit of its own, so that this is never the one that is met. */
const openFiles = 1_048_576;

/**
 * A process as an ECS task on the host's network, one an instance. Not root and never to be, without capabilities, a
 * root file system that cannot be written, its own role for AWS and another for what ECS does to start it.
 */
export class HouseTask extends Construct {
  readonly definition: Ec2TaskDefinition;
  /** Of the code in it. */
  readonly roleArn: string;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly name: 'relay' | 'router';
      /** Of the account's own registry, unless another is named whole. */
      readonly image: string | undefined;
      readonly version: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly statements: readonly PolicyStatement[];
      readonly ports: readonly number[];
      readonly memoryMebibytes: number;
      /** How long the process may take to end by itself. */
      readonly stopSeconds: number;
      readonly logDays: number;
      readonly key: IKey;
    },
  ) {
    super(scope, id);
    const { name, version } = options;
    const stack = Stack.of(this);
    const repository = `sallyport/${name}`;
    const logGroup = new HouseLogGroup(this, 'Logs', { key: options.key, days: options.logDays });
    const principal = new ServicePrincipal('ecs-tasks.amazonaws.com').withConditions({
      StringEquals: { 'aws:SourceAccount': stack.account },
      ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'ecs', resource: '*' }) },
    });
    const taskRole = new HouseRole(this, 'TaskRole', {
      principal,
      description: `Sallyport ${name}`,
      statements: options.statements,
    });
    const executionRole = new HouseRole(this, 'ExecutionRole', {
      principal,
      description: `Sallyport ${name}: starts the container`,
      statements: [
        logStatement(logGroup),
        // The token is for the account's whole registry: AWS knows no resource here.
        new PolicyStatement({ sid: 'RegistryToken', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
        new PolicyStatement({
          sid: 'Image',
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          resources: [stack.formatArn({ service: 'ecr', resource: 'repository', resourceName: repository })],
        }),
      ],
    });
    this.roleArn = taskRole.roleArn;
    this.definition = new Ec2TaskDefinition(this, 'Task', {
      family: `${stack.stackName}-${name}`,
      networkMode: NetworkMode.HOST,
      taskRole: taskRole.withoutPolicyUpdates(),
      executionRole: executionRole.withoutPolicyUpdates(),
    });
    const linux = new LinuxParameters(this, 'Linux', { initProcessEnabled: true });
    linux.dropCapabilities(Capability.ALL);
    const container = this.definition.addContainer('Container', {
      containerName: name,
      image: ContainerImage.fromRegistry(
        options.image ?? `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/${repository}:${version}`,
      ),
      environment: { ...options.environment },
      portMappings: options.ports.map((port) => ({ containerPort: port, hostPort: port })),
      memoryReservationMiB: options.memoryMebibytes,
      user: 'node',
      readonlyRootFilesystem: true,
      linuxParameters: linux,
      // Whoever is root, by a setuid program of the base image, is past the packet filter that goes by user.
      dockerSecurityOptions: ['no-new-privileges'],
      // Alive and nothing else: ECS replaces what fails here. An image's own check means nothing to ECS.
      healthCheck: {
        command: ['CMD', 'node', '/app/entry.mjs', '--health'],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        startPeriod: Duration.seconds(60),
        retries: 3,
      },
      // Killed only when its own drain should long be over.
      stopTimeout: Duration.seconds(options.stopSeconds + 60),
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: name, mode: AwsLogDriverMode.NON_BLOCKING }),
    });
    container.addUlimits({ name: UlimitName.NOFILE, softLimit: openFiles, hardLimit: openFiles });
  }
}

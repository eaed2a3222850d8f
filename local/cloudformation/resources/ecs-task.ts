import { z } from 'zod';
import { handler } from '../handler.ts';
import { ignored, number, tags } from './values.ts';

const container = z.strictObject({
  Name: z.string(),
  Environment: z.array(z.strictObject({ Name: z.string(), Value: z.coerce.string() })).default([]),
  Secrets: z.array(z.strictObject({ Name: z.string(), ValueFrom: z.string() })).default([]),
  EnvironmentFiles: z.array(z.never()).default([]),
  PortMappings: z
    .array(z.strictObject({ ContainerPort: number, HostPort: number, Protocol: z.literal('tcp').default('tcp') }))
    .default([]),
  Ulimits: z
    .array(z.strictObject({ Name: z.literal('nofile'), SoftLimit: number, HardLimit: number }))
    .max(1)
    .default([]),
  // What stands around a process there: containers/try.ts runs the images with it. Ctrl-C does not wait so long here.
  DockerSecurityOptions: ignored,
  Essential: ignored,
  HealthCheck: ignored,
  Image: ignored,
  LinuxParameters: ignored,
  LogConfiguration: ignored,
  MemoryReservation: ignored,
  ReadonlyRootFilesystem: ignored,
  StopTimeout: ignored,
  User: ignored,
});

const properties = z.strictObject({
  ContainerDefinitions: z.array(container),
  TaskRoleArn: z.string().optional(),
  Family: z.string().optional(),
  // What ECS needs to place and start the containers. Here each is a process of its own.
  Cpu: ignored,
  EnableFaultInjection: ignored,
  EphemeralStorage: ignored,
  ExecutionRoleArn: ignored,
  IpcMode: ignored,
  Memory: ignored,
  NetworkMode: ignored,
  PidMode: ignored,
  PlacementConstraints: ignored,
  ProxyConfiguration: ignored,
  RequiresCompatibilities: ignored,
  RuntimePlatform: ignored,
  Volumes: ignored,
  Tags: tags,
});

export const ecsTask = handler('AWS::ECS::TaskDefinition', properties, (given, resource) => {
  const family = given.Family ?? resource.physicalName(255);
  const arn = resource.arn('ecs', `task-definition/${family}:1`);
  resource.cloud.addTask({
    family,
    logicalId: resource.logicalId,
    ...(given.TaskRoleArn === undefined ? {} : { roleArn: given.TaskRoleArn }),
    containers: given.ContainerDefinitions.map(({ Name, Environment, Secrets, PortMappings, Ulimits }) => ({
      name: Name,
      environment: Object.fromEntries(Environment.map((one) => [one.Name, one.Value])),
      secrets: Object.fromEntries(Secrets.map((one) => [one.Name, one.ValueFrom])),
      ports: PortMappings.map(({ HostPort }) => HostPort),
      ...(Ulimits[0] === undefined ? {} : { openFiles: Ulimits[0].HardLimit }),
    })),
  });
  return { ref: arn, attributes: { TaskDefinitionArn: arn } };
});

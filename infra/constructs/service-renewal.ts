import { Stack } from 'aws-cdk-lib';
import type { Ec2Service } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { HouseRole } from './house-role.ts';

/**
 * Deploys a service anew each month, though nothing of it changed: its tasks come up on new instances, with the day's
 * machine image, before the old ones drain and go. A maximum lifetime of the group would never do it, because ECS
 * protects every instance that carries a task from being taken away.
 */
export class ServiceRenewal extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly service: Ec2Service;
      /** Day of the month, 1 to 28, at 03:00 UTC: not the day of another service that this one works with. */
      readonly day: number;
    },
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const { service, day } = options;
    const role = new HouseRole(this, 'Role', {
      principal: new ServicePrincipal('scheduler.amazonaws.com').withConditions({
        StringEquals: {
          'aws:SourceAccount': stack.account,
          // The scheduler names itself by the group of the schedule.
          'aws:SourceArn': stack.formatArn({
            service: 'scheduler',
            resource: 'schedule-group',
            resourceName: 'default',
          }),
        },
      }),
      description: 'Sallyport: deploys a service anew',
      statements: [
        new PolicyStatement({ sid: 'Renew', actions: ['ecs:UpdateService'], resources: [service.serviceArn] }),
      ],
    });
    // Of the scheduler, because a rule of EventBridge can run a task but not deploy a service.
    new CfnSchedule(this, 'Monthly', {
      description: 'New instances with the current machine image',
      scheduleExpression: `cron(0 3 ${day} * ? *)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: `arn:${stack.partition}:scheduler:::aws-sdk:ecs:updateService`,
        roleArn: role.roleArn,
        input: stack.toJsonString({
          Cluster: service.cluster.clusterName,
          Service: service.serviceName,
          ForceNewDeployment: true,
        }),
        retryPolicy: { maximumRetryAttempts: 3, maximumEventAgeInSeconds: 3_600 },
      },
    });
  }
}

import { Aws } from 'aws-cdk-lib';
import { GatewayVpcEndpoint, GatewayVpcEndpointAwsService, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Foundation } from '../foundation.ts';
import { type TableRight, tableArn } from '../rights/table-right.ts';

/**
 * The free ways to DynamoDB and S3, which carry most of what instances say to AWS. Whatever credentials are used
 * inside, only our roles reach only our tables, and nothing can be carried out to somebody's bucket.
 */
export class GatewayEndpoints extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly vpc: IVpc;
      readonly foundation: Foundation;
      /** Who may, and what; by the roles' ARNs. */
      readonly callers: readonly { readonly roleArn: string; readonly rights: readonly TableRight[] }[];
    },
  ) {
    super(scope, id);
    const { vpc, foundation, callers } = options;
    const tables = new GatewayVpcEndpoint(this, 'Tables', { vpc, service: GatewayVpcEndpointAwsService.DYNAMODB });
    for (const [at, { roleArn, rights }] of callers.entries())
      tables.addToPolicy(
        new PolicyStatement({
          sid: `Caller${at + 1}`,
          principals: [new AnyPrincipal()],
          actions: [...new Set(rights.flatMap((right) => right.actions.map((action) => `dynamodb:${action}`)))].sort(),
          resources: [...new Set(rights.map((right) => tableArn(right, foundation)))],
          conditions: { ArnEquals: { 'aws:PrincipalArn': roleArn } },
        }),
      );
    const objects = new GatewayVpcEndpoint(this, 'Objects', { vpc, service: GatewayVpcEndpointAwsService.S3 });
    objects.addToPolicy(
      new PolicyStatement({
        // ECR hands out image layers, and Amazon Linux its packages, from buckets of AWS's own, under its own principals.
        sid: 'ImagesAndPackages',
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject'],
        resources: [
          `arn:${Aws.PARTITION}:s3:::prod-${Aws.REGION}-starport-layer-bucket/*`,
          `arn:${Aws.PARTITION}:s3:::al2023-repos-${Aws.REGION}-*/*`,
        ],
      }),
    );
  }
}

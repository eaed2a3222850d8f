import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';

/** To write into one log group. Its ARN ends in `:*` and so stands for its streams. */
export const logStatement = (group: LogGroup): PolicyStatement =>
  new PolicyStatement({
    sid: 'Logs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group.logGroupArn],
  });

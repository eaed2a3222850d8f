/** Where the stacks pretend to be: every ARN names it. The account is nobody's. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export const localPlace: Place = { account: '000000000000', region: 'us-east-1' };

/** The value of a pseudo parameter, or undefined when it is none. `AWS::NoValue` is handled where it stands. */
export function pseudoParameter(name: string, stack: string, { account, region }: Place): unknown {
  switch (name) {
    case 'AWS::AccountId':
      return account;
    case 'AWS::Region':
      return region;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${region}:${account}:stack/${stack}/00000000-0000-0000-0000-000000000000`;
    case 'AWS::NotificationARNs':
      return [];
    default:
      return undefined;
  }
}

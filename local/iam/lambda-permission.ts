/** `AWS::Lambda::Permission`: who may invoke a function, and on behalf of what. */
export interface LambdaPermission {
  readonly functionArn: string;
  readonly action: string;
  /** A service (`iot.amazonaws.com`), an account, an ARN or `*`. */
  readonly principal: string;
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

/** The policy that Lambda makes of a permission; it belongs to the function's ARN. */
export function lambdaPermissionDocument(permission: LambdaPermission): unknown {
  const { functionArn, action, principal, sourceArn, sourceAccount } = permission;
  const isService = /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal);
  return {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: isService ? { Service: principal } : { AWS: principal },
      Action: action,
      Resource: functionArn,
      Condition: {
        ...(sourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': sourceArn } }),
        ...(sourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
      },
    },
  };
}

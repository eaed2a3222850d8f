import type { Permission } from '../cloudformation/cloud.ts';

/** The statement of a function's resource policy that Lambda makes of a permission (AddPermission). */
export function permissionStatement(permission: Permission): Readonly<Record<string, unknown>> {
  const { principal, sourceArn, sourceAccount } = permission;
  const conditions = {
    ...(sourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': sourceArn } }),
    ...(sourceAccount === undefined ? {} : { StringEquals: { 'AWS:SourceAccount': sourceAccount } }),
  };
  return {
    Sid: permission.id,
    Effect: 'Allow',
    Principal: principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
    Action: permission.action,
    Resource: permission.functionArn,
    ...(Object.keys(conditions).length === 0 ? {} : { Condition: conditions }),
  };
}

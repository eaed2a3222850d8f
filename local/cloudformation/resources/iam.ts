import { z } from 'zod';
import { handler } from '../handler.ts';
import { roleId } from '../role-id.ts';
import { managedPolicy } from './managed-policies.ts';
import { ignored, tags } from './values.ts';

const document = z.record(z.string(), z.unknown());

// PermissionsBoundary is not listed: it would have to be enforced.
const roleProperties = z.strictObject({
  AssumeRolePolicyDocument: document,
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: document })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
  RoleName: z.string().optional(),
  Path: z.string().default('/'),
  Description: ignored,
  MaxSessionDuration: ignored,
  Tags: tags,
});

export const iamRole = handler('AWS::IAM::Role', roleProperties, (given, resource) => {
  const name = given.RoleName ?? resource.physicalName(64);
  const arn = `arn:aws:iam::${resource.place.account}:role${given.Path}${name}`;
  resource.cloud.addRole({
    owner: `${resource.stack}/${resource.logicalId}`,
    name,
    arn,
    trust: given.AssumeRolePolicyDocument,
    documents: [
      ...given.Policies.map((policy) => policy.PolicyDocument),
      ...given.ManagedPolicyArns.map((one) => managedPolicy(one, resource.cloud)),
    ],
  });
  return { ref: name, attributes: { Arn: arn, RoleId: roleId(arn) } };
});

const policyProperties = z.strictObject({
  PolicyDocument: document,
  PolicyName: z.string(),
  Roles: z.array(z.string()),
});

export const iamPolicy = handler('AWS::IAM::Policy', policyProperties, (given, resource) => {
  for (const role of given.Roles) resource.cloud.attachPolicy(role, given.PolicyDocument);
  return { ref: resource.physicalName(128) };
});

const managedProperties = z.strictObject({
  PolicyDocument: document,
  ManagedPolicyName: z.string().optional(),
  Path: z.string().default('/'),
  Roles: z.array(z.string()).default([]),
  Description: ignored,
  Tags: tags,
});

export const iamManagedPolicy = handler('AWS::IAM::ManagedPolicy', managedProperties, (given, resource) => {
  const name = given.ManagedPolicyName ?? resource.physicalName(128);
  const arn = `arn:aws:iam::${resource.place.account}:policy${given.Path}${name}`;
  resource.cloud.managedPolicies.set(arn, given.PolicyDocument);
  for (const role of given.Roles) resource.cloud.attachPolicy(role, given.PolicyDocument);
  return { ref: arn };
});

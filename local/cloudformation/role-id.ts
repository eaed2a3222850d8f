import { createHash } from 'node:crypto';

/** The unique id of a role. IAM makes one up; here it follows from the ARN, so that a second start finds it again. */
export function roleId(roleArn: string): string {
  return `AROA${createHash('sha256').update(roleArn).digest('hex').slice(0, 16).toUpperCase()}`;
}

import { randomUUID } from 'node:crypto';
import { contextOf } from '../../iam/condition-context.ts';
import { trustOwner } from '../../iam/principals.ts';
import { AwsError } from '../aws-error.ts';
import type { Credentials } from '../credentials.ts';
import { xml } from '../reply.ts';
import type { AwsReply, AwsService, Place } from '../service.ts';

export interface StsOptions {
  readonly place: Place;
  /** @returns undefined when there is no such role */
  readonly assume: (roleArn: string, sessionName: string, seconds: number) => AssumedRole | undefined;
}

export interface AssumedRole {
  readonly credentials: Credentials;
  readonly sessionArn: string;
}

/** AWS STS (Query): who am I, and becoming another role where its trust policy agrees. */
export function stsService({ place, assume }: StsOptions): AwsService {
  return {
    signingName: 'sts',
    protocol: 'query',
    handle: ({ request, callerArn, require, perform }) => {
      const input = new URLSearchParams(request.body.toString('utf8'));
      const operation = input.get('Action');
      if (operation === 'GetCallerIdentity') {
        // AWS: "No permissions are required to perform this operation."
        const result = `<Arn>${xml(callerArn)}</Arn><UserId>${xml(userId(callerArn))}</UserId><Account>${place.account}</Account>`;
        return perform(operation, () => reply(operation, result));
      }
      if (operation !== 'AssumeRole')
        throw new AwsError('InvalidAction', 'only GetCallerIdentity and AssumeRole are offered here', 400);
      const [roleArn, session] = [input.get('RoleArn') ?? '', input.get('RoleSessionName') ?? ''];
      if (!/^[\w+=,.@-]{2,64}$/.test(session))
        throw new AwsError('ValidationError', 'RoleSessionName is not valid', 400);
      const context = contextOf({
        'sts:RoleSessionName': session,
        'sts:ExternalId': input.get('ExternalId') ?? undefined,
      });
      require('sts:AssumeRole', roleArn, context, trustOwner(roleArn));
      return perform(operation, () => {
        const assumed = assume(roleArn, session, seconds(input.get('DurationSeconds')));
        // A role that does not exist has no trust policy either; AWS tells nobody which of the two it is.
        if (!assumed) throw new AwsError('AccessDenied', 'the role cannot be assumed');
        return reply(operation, assumedResult(assumed));
      });
    },
    denial: { code: 'AccessDenied' },
  };
}

function assumedResult({ credentials, sessionArn }: AssumedRole): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt = 0 } = credentials;
  const keys = `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${xml(secretAccessKey)}</SecretAccessKey><SessionToken>${xml(sessionToken)}</SessionToken><Expiration>${new Date(expiresAt).toISOString()}</Expiration>`;
  const user = `<Arn>${xml(sessionArn)}</Arn><AssumedRoleId>${xml(userId(sessionArn))}</AssumedRoleId>`;
  return `<Credentials>${keys}</Credentials><AssumedRoleUser>${user}</AssumedRoleUser>`;
}

function reply(operation: string, result: string): AwsReply {
  const body = `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>${result}</${operation}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

/** AWS: 900 to 43,200 seconds, by default an hour. */
function seconds(text: string | null): number {
  const value = Number(text ?? 3600);
  if (Number.isInteger(value) && value >= 900 && value <= 43_200) return value;
  throw new AwsError('ValidationError', 'DurationSeconds is not valid', 400);
}

/** `<role>:<session>`; AWS has the role's unique id in front. */
function userId(sessionArn: string): string {
  return sessionArn.split('/').slice(-2).join(':');
}

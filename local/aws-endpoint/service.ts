import type { ConditionContext } from '../iam/condition-context.ts';
import type { AwsRequest } from './aws-request.ts';

export type Protocol = 'json-1.0' | 'json-1.1' | 'rest-json' | 'query';

export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** One call, after its signature was verified. */
export interface ServiceCall {
  readonly request: AwsRequest;
  /** The session's ARN, `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
  readonly callerArn: string;
  /**
   * Asks for one permission.
   *
   * @param resourceOwner under which name the resource's policies are registered, if not by its ARN
   * @throws AwsError when the policies say no
   */
  require(action: string, resource: string, context?: ConditionContext, resourceOwner?: string): void;
  /**
   * Does the work, after all permissions were asked for; this is where faults strike.
   *
   * @param tables names of the tables that it touches
   */
  perform(operation: string, work: () => AwsReply | Promise<AwsReply>, tables?: readonly string[]): Promise<AwsReply>;
}

/** One AWS service as clients see it. */
export interface AwsService {
  /** As in the credential scope. */
  readonly signingName: string;
  readonly protocol: Protocol;
  /** The exception for a missing permission, where it is not AccessDeniedException with a sentence saying what. */
  readonly denial?: { readonly code: string; readonly message?: string };
  handle(call: ServiceCall): Promise<AwsReply>;
}

/** Where the system is, in every ARN. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** `arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels` */
export function arnIn(place: Place, service: string, resource: string): string {
  return `arn:${place.partition}:${service}:${place.region}:${place.account}:${resource}`;
}

import type { AwsEndpoint } from '../aws-endpoint/endpoint.ts';
import type { Place } from '../cloudformation/place.ts';
import type { Authorizer } from '../iam/authorizer.ts';
import { contextOf } from '../iam/condition-context.ts';
import { trustOwner } from '../iam/principals.ts';

/** Gives components what an SDK client reads from the environment: their role's credentials and where AWS is. */
export class RoleCredentials {
  private readonly options: {
    readonly place: Place;
    readonly authorizer: Authorizer;
    readonly endpoint: () => AwsEndpoint;
  };

  constructor(options: RoleCredentials['options']) {
    this.options = options;
  }

  /** @throws Error when the role's trust policy does not let that service take it for that resource */
  checkTrust(roleArn: string, service: string, sourceArn: string): void {
    const { authorizer, place } = this.options;
    const caller = { kind: 'service', service, sourceArn, sourceAccount: place.account } as const;
    const request = { action: 'sts:AssumeRole', resource: roleArn, context: contextOf({}) };
    if (authorizer.decide(caller, request, trustOwner(roleArn)).allowed) return;
    throw new Error(`the trust policy of ${roleArn} does not let ${service} assume it for ${sourceArn}`);
  }

  /** Credentials of a new session, as environment variables. */
  variables(roleArn: string, sessionName: string): Readonly<Record<string, string>> {
    const endpoint = this.options.endpoint();
    // A session's name has at most 64 characters.
    const credentials = endpoint.issueCredentials(roleArn, { sessionName: sessionName.slice(0, 64) });
    return {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_REGION: this.options.place.region,
      AWS_DEFAULT_REGION: this.options.place.region,
      AWS_ENDPOINT_URL: endpoint.url,
      // There is no metadata service to ask, and no Node release to be warned of.
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
  }
}

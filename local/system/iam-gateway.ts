import { AwsError } from '../aws-endpoint/aws-error.ts';
import type { AwsRequest } from '../aws-endpoint/aws-request.ts';
import type { AwsEndpoint } from '../aws-endpoint/endpoint.ts';
import { roleId } from '../cloudformation/role-id.ts';
import { GatewayRefusal } from '../http-api/gateway-refusal.ts';
import type { GatewayRequest } from '../http-api/gateway-request.ts';
import type { IamCheck } from '../http-api/iam-check.ts';
import type { Authorizer } from '../iam/authorizer.ts';
import { contextOf } from '../iam/condition-context.ts';

/** Who signed a request to an HTTP API, and whether their policies let them invoke the route. */
export function iamCheck(endpoint: () => AwsEndpoint, authorizer: Authorizer): IamCheck {
  return async (request, resource) => {
    const { credentials } = await endpoint()
      .verify(awsRequest(request), 'execute-api')
      .catch((error: unknown) => {
        throw error instanceof AwsError ? new GatewayRefusal(403, error.code) : error;
      });
    const { caller, accessKeyId } = credentials;
    const decision = authorizer.decide(caller, { action: 'execute-api:Invoke', resource, context: contextOf({}) });
    if (!decision.allowed) throw new GatewayRefusal(403, decision.reason);
    const userId = `${roleId(caller.roleArn)}:${caller.sessionArn.slice(caller.sessionArn.lastIndexOf('/') + 1)}`;
    return {
      accessKey: accessKeyId,
      accountId: caller.account,
      callerId: userId,
      cognitoIdentity: null,
      principalOrgId: null,
      userArn: caller.sessionArn,
      userId,
    };
  };
}

function awsRequest({ method, path, query, headers, body }: GatewayRequest): AwsRequest {
  const queryValues: Record<string, string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) queryValues[name] = [...(queryValues[name] ?? []), value];
  const first = Object.entries(queryValues).map(([name, [value = '']]) => [name, value]);
  return { method, path, query: Object.fromEntries(first), queryValues, headers, body };
}

import type { GatewayRequest } from './gateway-request.ts';

/** Who signed the request, as the event carries it. */
export interface IamIdentity {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly cognitoIdentity: null;
  readonly principalOrgId: null;
  readonly userArn: string;
  readonly userId: string;
}

/**
 * Verifies a request's signature (service `execute-api`) and that its signer may invoke that route.
 *
 * @throws GatewayRefusal 403
 */
export type IamCheck = (request: GatewayRequest, resourceArn: string) => Promise<IamIdentity>;

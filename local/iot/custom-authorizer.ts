import { z } from 'zod';
import type { PolicyDocument } from './authorize.ts';
import type { Lifetime } from './client.ts';
import type { Clock } from './clock.ts';
import type { Principal } from './principal.ts';

/** The event of a custom authorizer's function (AWS developer guide, "Defining your Lambda function"). */
export interface AuthorizerEvent {
  readonly protocols: readonly ('tls' | 'mqtt')[];
  /** Always false: tokens are not signed for us. */
  readonly signatureVerified: boolean;
  readonly protocolData: {
    readonly tls: { readonly serverName: string };
    readonly mqtt: {
      /** As the client sent it, with its query string. */
      readonly username?: string;
      /** Base64. */
      readonly password?: string;
      /** Present when the client sent one. */
      readonly clientId?: string;
    };
  };
  readonly connectionMetadata: { readonly id: string };
}

/** Invokes the function of a named authorizer; throws when there is none of that name. */
export type InvokeAuthorizer = (name: string, event: AuthorizerEvent) => Promise<unknown>;

const NAME_PARAMETER = 'x-amz-customauthorizer-name';

/** The gateway waits no longer for an authorizer's answer. */
const ANSWER_WITHIN_MS = 5_000;

const seconds = z.number().int().min(300).max(86_400);
const document = z.custom<PolicyDocument>(
  (value) => typeof value === 'object' && value !== null && 'Statement' in value,
);
const shortDocument = z
  .union([
    document,
    z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(document),
  ])
  .refine((value) => JSON.stringify(value).length <= 2_048, 'longer than 2,048 characters');

// The limits are those of "Defining your Lambda function"; an answer outside them is a failure and no permission.
const Answer = z.discriminatedUnion('isAuthenticated', [
  z.object({ isAuthenticated: z.literal(false) }),
  z.object({
    isAuthenticated: z.literal(true),
    principalId: z.string().regex(/^[a-zA-Z0-9]{1,128}$/),
    policyDocuments: z.array(shortDocument).max(10),
    disconnectAfterInSeconds: seconds,
    refreshAfterInSeconds: seconds,
  }),
]);

/** The authorizer that an MQTT user name asks for (`user?x-amz-customauthorizer-name=NAME&...`). */
export function authorizerNamed(username: string | undefined): string | undefined {
  const query = username?.split('?', 2)[1];
  return query === undefined ? undefined : (new URLSearchParams(query).get(NAME_PARAMETER) ?? undefined);
}

export interface AuthorizerCall {
  readonly invoke: InvokeAuthorizer;
  readonly name: string;
  readonly event: AuthorizerEvent;
  readonly clock: Clock;
}

/** Asks the authorizer. Undefined when it says no; throws when it fails or its answer is not one. */
export async function askAuthorizer(
  call: AuthorizerCall,
): Promise<{ readonly principal: Principal; readonly lifetime: Lifetime } | undefined> {
  const first = await answerOf(call);
  if (!first.isAuthenticated) return undefined;
  let policies: readonly PolicyDocument[] = first.policyDocuments;
  return {
    principal: { id: first.principalId, policies: () => policies, thing: () => undefined },
    lifetime: {
      disconnectAfterSeconds: first.disconnectAfterInSeconds,
      refreshAfterSeconds: first.refreshAfterInSeconds,
      refresh: async () => {
        // AWS: "If failures occur during custom authentication, AWS IoT Core terminates the connection."
        const next = await answerOf(call).catch(() => undefined);
        if (next?.isAuthenticated !== true) return false;
        policies = next.policyDocuments;
        return true;
      },
    },
  };
}

async function answerOf({ invoke, name, event, clock }: AuthorizerCall): Promise<z.infer<typeof Answer>> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ANSWER_WITHIN_MS, () => reject(new Error(`The authorizer ${name} did not answer.`)));
  });
  try {
    return Answer.parse(await Promise.race([invoke(name, event), late]));
  } finally {
    cancel();
  }
}

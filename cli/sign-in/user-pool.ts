import { z } from 'zod';
import { harmless } from '../../core/model/text.ts';
import { UsageError } from '../command.ts';

/** One step of a sign-in: the tokens, or what the pool wants to know next. */
export type Step = z.output<typeof stepSchema>;

const stepSchema = z.object({
  AuthenticationResult: z.object({ AccessToken: z.string().regex(/^[\w.=-]+$/), ExpiresIn: z.number() }).optional(),
  ChallengeName: z.string().optional(),
  ChallengeParameters: z.record(z.string(), z.string()).default({}),
  Session: z.string().optional(),
});
const secretSchema = z.object({ SecretCode: z.string().regex(/^[A-Z2-7]+=*$/), Session: z.string() });
const sessionSchema = z.object({ Session: z.string() });
const problemSchema = z.object({ __type: z.string().default(''), message: z.string().default('') });

export type UserPool = {
  /** The part of its id behind the Region, which goes into proofs. */
  readonly name: string;
  begin(user: string, publicNumber: string): Promise<Step>;
  answer(step: Step, responses: Readonly<Record<string, string>>): Promise<Step>;
  /** The secret of a new authenticator, base32. */
  newSecret(session: string): Promise<z.output<typeof secretSchema>>;
  /** That the authenticator has the secret. */
  verifySecret(session: string, code: string): Promise<z.output<typeof sessionSchema>>;
};

/**
 * A Cognito user pool, by its public interface: nobody's AWS credentials are asked. `issuer` and `client` are the outputs
 * TokenIssuer and TokenAudience of the stateful stack. Its methods throw with what the pool says.
 */
export const openUserPool = (issuer: string, client: string): UserPool => {
  const address = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const name = /^\/[\w-]+_([A-Za-z0-9]+)$/.exec(address?.pathname ?? '')?.[1];
  const isSafe = address?.protocol === 'https:' || address?.hostname === '127.0.0.1';
  if (address === undefined || name === undefined || !isSafe)
    throw new UsageError(
      '--issuer must be of a Cognito user pool, such as https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123',
    );

  const call = async <Schema extends z.ZodType>(
    action: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema>> => {
    const reply = await fetch(address.origin, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(15_000),
    });
    const answer: unknown = await reply.json().catch(() => ({}));
    if (reply.ok) return schema.parse(answer);
    const { __type: code, message } = problemSchema.catch({ __type: '', message: '' }).parse(answer);
    throw new Error(harmless(`${code.replace(/^.*#/, '') || `HTTP ${reply.status}`}: ${message}`, 300));
  };
  const ClientId = client;
  return {
    name,
    begin: (USERNAME, SRP_A) =>
      call('InitiateAuth', { ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME, SRP_A } }, stepSchema),
    answer: ({ ChallengeName, Session }, ChallengeResponses) =>
      call('RespondToAuthChallenge', { ClientId, ChallengeName, Session, ChallengeResponses }, stepSchema),
    newSecret: (Session) => call('AssociateSoftwareToken', { Session }, secretSchema),
    verifySecret: (Session, UserCode) => call('VerifySoftwareToken', { Session, UserCode }, sessionSchema),
  };
};

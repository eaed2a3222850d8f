import { randomBytes } from 'node:crypto';
import { signChallenge, startPasswordProof, timeText } from './password-proof.ts';
import type { Step, UserPool } from './user-pool.ts';

export type SignInTools = {
  readonly pool: UserPool;
  readonly ask: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>;
  readonly tell: (line: string) => void;
  readonly now: () => number;
};

/** A first sign-in takes five: password, new password, authenticator, code. More is a pool that goes in circles. */
const maxSteps = 8;

/** Signs in step by step and answers the access token. Throws what the pool says, or what it asks that nobody here knows. */
export const signIn = async (user: string, { pool, ask, tell, now }: SignInTools): Promise<string> => {
  const proof = startPasswordProof(pool.name, randomBytes(128));
  let step = await pool.begin(user, proof.publicNumber);
  let id = user;

  const answers: Readonly<Record<string, (given: Step) => Promise<Step>>> = {
    async PASSWORD_VERIFIER(given) {
      const { USER_ID_FOR_SRP = user, SRP_B = '', SALT = '', SECRET_BLOCK = '' } = given.ChallengeParameters;
      id = USER_ID_FOR_SRP;
      const password = await ask('Password: ', { hidden: true });
      const key = proof.key({ user: id, password, serverNumber: SRP_B, salt: SALT });
      const at = timeText(now());
      return await pool.answer(given, {
        USERNAME: id,
        PASSWORD_CLAIM_SECRET_BLOCK: SECRET_BLOCK,
        PASSWORD_CLAIM_SIGNATURE: signChallenge(key, { pool: pool.name, user: id, block: SECRET_BLOCK, at }),
        TIMESTAMP: at,
      });
    },
    async NEW_PASSWORD_REQUIRED(given) {
      const chosen = await ask('New password, 14 characters or more: ', { hidden: true });
      if ((await ask('Again: ', { hidden: true })) !== chosen) throw new Error('the two new passwords differ');
      return await pool.answer(given, { USERNAME: id, NEW_PASSWORD: chosen });
    },
    async MFA_SETUP(given) {
      const { SecretCode: secret, Session } = await pool.newSecret(given.Session ?? '');
      tell(`Put this into your authenticator; it is not shown again:\n  ${secret}`);
      tell(`  otpauth://totp/Sallyport:${encodeURIComponent(user)}?secret=${secret}&issuer=Sallyport`);
      const verified = await pool.verifySecret(Session, await ask('Code of the authenticator: '));
      return await pool.answer({ ...given, Session: verified.Session }, { USERNAME: id });
    },
    async SOFTWARE_TOKEN_MFA(given) {
      const code = await ask('Code of the authenticator: ');
      return await pool.answer(given, { USERNAME: id, SOFTWARE_TOKEN_MFA_CODE: code });
    },
  };

  for (let count = 0; count < maxSteps; count += 1) {
    if (step.AuthenticationResult !== undefined) {
      tell(`Signed in for ${Math.round(step.AuthenticationResult.ExpiresIn / 60)} minutes.`);
      return step.AuthenticationResult.AccessToken;
    }
    const answer = Object.hasOwn(answers, step.ChallengeName ?? '') ? answers[step.ChallengeName ?? ''] : undefined;
    if (answer === undefined) throw new Error('the pool asks for something that this command does not know');
    step = await answer(step);
  }
  throw new Error('the pool goes on asking');
};

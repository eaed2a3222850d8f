import { runCommand, say, UsageError } from './command.ts';
import { createPrompt } from './sign-in/prompt.ts';
import { signIn } from './sign-in/sign-in-steps.ts';
import { openUserPool } from './sign-in/user-pool.ts';

const help = `npx tsx cli/sign-in.ts --issuer URL --client ID --user NAME

Signs in to the stage's Cognito user pool and writes an access token to standard output, good for an hour:
  export SALLYPORT_TOKEN=$(npx tsx cli/sign-in.ts --issuer ... --client ... --user ada@example.com)
The first time it asks for a new password and sets up an authenticator (TOTP). The password itself is not sent.
Exit code 0: signed in. 2: not. 130: stopped.

  --issuer URL   the output TokenIssuer of the stateful stack
  --client ID    the output TokenAudience of the stateful stack
  --user NAME    the e-mail address that the administrator gave you an account for
  --help

Needs no AWS credentials. A stage with an issuer of its own has the issuer's way to sign in.`;

const options = { issuer: { type: 'string' }, client: { type: 'string' }, user: { type: 'string' } } as const;

await runCommand({ help, takes: { options } }, async ({ values: { issuer, client, user } }, signal) => {
  if (issuer === undefined || client === undefined || user === undefined)
    throw new UsageError('Give --issuer, --client and --user. See --help.');
  const pool = openUserPool(issuer, client);
  const prompt = createPrompt();
  signal.addEventListener('abort', () => prompt.close());
  try {
    const tell = (line: string): void => void process.stderr.write(`${line}\n`);
    say(await signIn(user, { pool, ask: prompt.ask, tell, now: () => Date.now() }));
    return 0;
  } catch (error) {
    if (signal.aborted) return 2;
    throw error;
  } finally {
    prompt.close();
  }
});

import { join } from 'node:path';
import { startPasswordProof, timeText } from '../../../cli/sign-in/password-proof.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { run } from '../../support/run.ts';
import { startUserPool } from '../../support/user-pool.ts';

/** Made once with AWS's own client, amazon-cognito-identity-js 6.3.21, of these inputs. */
const vector = {
  secret: '1234567890abcdef'.repeat(16),
  serverSecret: 'fedcba0987654321'.repeat(16),
  salt: '9f0a1b2c3d4e5f60710a1b2c3d4e5f60',
  publicStart: '87ef46e6f23037298b68c9527f88af1cf90151a2246908b3a011df7c24e0a982',
  key: '7604cbce249751a1f4e626e49ec313ff',
} as const;

test("the proof of a password is the one that AWS's own client makes", () => {
  const { publicNumber: serverNumber } = startPasswordProof('any', Buffer.from(vector.serverSecret, 'hex'));
  const proof = startPasswordProof('AbCdEf123', Buffer.from(vector.secret, 'hex'));
  expect(proof.publicNumber.startsWith(vector.publicStart)).toBe(true);
  const asked = { user: '3f0e8a52-user', password: 'correct horse battery staple', serverNumber, salt: vector.salt };
  expect(proof.key(asked).toString('hex')).toBe(vector.key);
  expect(proof.key({ ...asked, password: 'incorrect' }).toString('hex')).not.toBe(vector.key);
  expect(() => proof.key({ ...asked, serverNumber: '0' })).toThrow('proves nothing');
});

test('times are written as the pool reads them', () => {
  expect(timeText(Date.UTC(2026, 10, 1, 7, 8, 9))).toBe('Sun Nov 1 07:08:09 UTC 2026');
  expect(timeText(Date.UTC(2026, 10, 21, 17, 38, 2))).toBe('Sat Nov 21 17:38:02 UTC 2026');
});

describe('the command', () => {
  const password = 'given by an administrator';
  const chosen = 'chosen by nobody else';
  let pool: Awaited<ReturnType<typeof startUserPool>>;
  afterEach(() => pool.stop());
  const signIn = (typed: readonly string[], ...more: readonly string[]) => {
    const args = ['--issuer', pool.issuer, '--client', pool.client, '--user', 'ada@example.com', ...more];
    return run(process.execPath, ['--import', 'tsx', join(projectRoot, 'cli/sign-in.ts'), ...args], {
      input: typed.map((line) => `${line}\n`).join(''),
      env: { PATH: process.env.PATH },
    });
  };

  test('the first time it changes the password and sets up an authenticator; then it asks for both', async () => {
    pool = await startUserPool({ password, needsNewPassword: true, authenticator: false });
    const first = await signIn([password, chosen, chosen, pool.code]);
    expect({ code: first.code, out: first.out }).toEqual({ code: 0, out: 'a.b.c\n' });
    expect(first.err).toContain(`otpauth://totp/Sallyport:ada%40example.com?secret=${pool.secret}&issuer=Sallyport`);
    const second = await signIn([chosen, pool.code]);
    expect(second).toMatchObject({ code: 0, out: 'a.b.c\n', err: expect.stringContaining('for 60 minutes') });
    expect(second.err).not.toContain(pool.secret);
    // Only the new one ever travels, once.
    expect(pool.heard.filter((text) => text.includes(password))).toEqual([]);
    expect(pool.heard.filter((text) => text.includes(chosen))).toHaveLength(1);
  });

  test('says why it did not, and nothing else', async () => {
    pool = await startUserPool({ password, needsNewPassword: false, authenticator: true });
    expect(await signIn(['wrong', pool.code])).toMatchObject({
      ...{ code: 2, out: '', err: expect.stringContaining('NotAuthorizedException: Incorrect username or password.') },
    });
    const mistyped = await signIn([password, '000000']);
    expect(mistyped).toMatchObject({ code: 2, out: '', err: expect.stringContaining('CodeMismatchException') });
    expect(mistyped.err).not.toContain('\u001b');
    expect(await signIn([])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('nothing was typed') });
    const elsewhere = await signIn([password], '--issuer', 'http://pool.example.com/eu-west-1_AbC');
    expect(elsewhere).toMatchObject({ code: 2, err: expect.stringContaining('must be of a Cognito user pool') });
  });

  test('two new passwords that differ change nothing', async () => {
    pool = await startUserPool({ password, needsNewPassword: true, authenticator: false });
    expect(await signIn([password, chosen, 'another'])).toMatchObject({ code: 2, out: '' });
    expect(pool.account.password).toBe(password);
  });
});

import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Account = { password: string; needsNewPassword: boolean; authenticator: boolean };
type Body = {
  readonly ClientId?: string;
  readonly AuthFlow?: string;
  readonly AuthParameters?: Readonly<Record<string, string>>;
  readonly ChallengeName?: string;
  readonly ChallengeResponses?: Readonly<Record<string, string>>;
  readonly Session?: string;
  readonly UserCode?: string;
};

const name = 'AbCdEf123';
const client = 'client-1';
const userId = '3f0e8a52-user';
const code = '123456';
const secret = 'JBSWY3DPEHPK3PXP';

const prime = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
const power = (base: bigint, exponent: bigint): bigint =>
  exponent === 0n ? 1n : (power((base * base) % prime, exponent >> 1n) * (exponent & 1n ? base : 1n)) % prime;
const padded = (hex: string): Buffer => {
  const even = hex.length % 2 ? `0${hex}` : hex;
  return Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even, 'hex');
};
const sha = (...parts: readonly (Buffer | string)[]): bigint => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return BigInt(`0x${hash.digest('hex')}`);
};

/** The steps of a Cognito user pool for one account, with the server's half of the proof. Hears no password but a new one. */
export const startUserPool = async (account: Account) => {
  const heard: string[] = [];
  const salt = randomBytes(16).toString('hex');
  const block = randomBytes(64).toString('base64');
  const own = BigInt(`0x${randomBytes(64).toString('hex')}`);
  const verifier = () => {
    const identity = createHash('sha256').update(`${name}${userId}:${account.password}`).digest();
    return power(2n, sha(padded(BigInt(`0x${salt}`).toString(16)), identity));
  };
  let theirs = 0n;
  let turn = 0;

  const ours = () => (sha(padded(prime.toString(16)), Buffer.from([2])) * verifier() + power(2n, own)) % prime;
  const expected = (at: string): string => {
    const scramble = sha(padded(theirs.toString(16)), padded(ours().toString(16)));
    const shared = power((theirs * power(verifier(), scramble)) % prime, own);
    const salted = padded(scramble.toString(16));
    const key = Buffer.from(hkdfSync('sha256', padded(shared.toString(16)), salted, 'Caldera Derived Key', 16));
    return createHmac('sha256', key)
      .update(`${name}${userId}`)
      .update(Buffer.from(block, 'base64'))
      .update(at)
      .digest('base64');
  };

  const session = () => `session-${turn}`;
  const challenge = (ChallengeName: string, ChallengeParameters = {}) => {
    turn += 1;
    return { ChallengeName, ChallengeParameters, Session: session() };
  };
  const next = () => {
    if (account.needsNewPassword) return challenge('NEW_PASSWORD_REQUIRED', { userAttributes: '{}' });
    return challenge(account.authenticator ? 'SOFTWARE_TOKEN_MFA' : 'MFA_SETUP');
  };
  const refuse = (type: string, message: string) => ({ __type: type, message });
  const done = { AuthenticationResult: { AccessToken: 'a.b.c', ExpiresIn: 3_600, TokenType: 'Bearer' } };

  const answers: Readonly<Record<string, (body: Body) => object>> = {
    InitiateAuth({ AuthFlow, AuthParameters = {} }) {
      if (AuthFlow !== 'USER_SRP_AUTH') return refuse('InvalidParameterException', 'not this flow');
      theirs = BigInt(`0x${AuthParameters.SRP_A}`);
      return challenge('PASSWORD_VERIFIER', {
        ...{ USER_ID_FOR_SRP: userId, SALT: salt, SRP_B: ours().toString(16), SECRET_BLOCK: block },
      });
    },
    AssociateSoftwareToken: () => ({ SecretCode: secret, Session: session() }),
    VerifySoftwareToken({ UserCode }) {
      if (UserCode !== code) return refuse('EnableSoftwareTokenMFAException', 'Code mismatch');
      account.authenticator = true;
      return { Status: 'SUCCESS', Session: session() };
    },
    RespondToAuthChallenge({ ChallengeName, ChallengeResponses: said = {} }) {
      if (said.USERNAME !== userId) return refuse('InvalidParameterException', 'who?');
      switch (ChallengeName) {
        case 'PASSWORD_VERIFIER':
          if (!/^\w{3} \w{3} \d{1,2} \d\d:\d\d:\d\d UTC \d{4}$/.test(said.TIMESTAMP ?? ''))
            return refuse('InvalidParameterException', 'TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy');
          return said.PASSWORD_CLAIM_SIGNATURE === expected(said.TIMESTAMP ?? '')
            ? next()
            : refuse('NotAuthorizedException', 'Incorrect username or password.');
        case 'NEW_PASSWORD_REQUIRED':
          account.password = said.NEW_PASSWORD ?? '';
          account.needsNewPassword = false;
          return next();
        case 'MFA_SETUP':
          return account.authenticator ? done : refuse('InvalidParameterException', 'not set up');
        default:
          return said.SOFTWARE_TOKEN_MFA_CODE === code
            ? done
            : refuse('CodeMismatchException', 'Invalid code \u001b[31mreceived');
      }
    },
  };

  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      heard.push(text);
      const body: Body = JSON.parse(text);
      const action = String(request.headers['x-amz-target']).replace('AWSCognitoIdentityProviderService.', '');
      const stale = body.Session !== undefined && body.Session !== session();
      const stranger = body.ClientId !== undefined && body.ClientId !== client;
      const answer =
        stale || stranger || request.headers.authorization !== undefined
          ? refuse('NotAuthorizedException', 'Invalid session')
          : (answers[action]?.(body) ?? refuse('UnknownOperationException', action));
      response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ account, heard, client, code, secret, issuer: `http://127.0.0.1:${port}/eu-west-1_${name}` },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
};

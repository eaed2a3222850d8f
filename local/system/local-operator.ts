import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { LocalSystem } from './system.ts';

/** What an answer's body is taken for: nobody checks it, the caller says what the API promises. */
export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Somebody who has signed in. */
export interface LocalOperator {
  readonly token: string;
  call<Body = Readonly<Record<string, unknown>>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer<Body>>;
}

const tokenSeconds = 12 * 3_600;

export async function signIn(
  system: LocalSystem,
  subject: string,
  groups: readonly string[],
  lifetime = tokenSeconds,
): Promise<LocalOperator> {
  const token = await system.issuer.token(subject, { groups, lifetime });
  return {
    token,
    async call(method, path, body, headers = {}) {
      const response = await fetch(system.api + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

/** @throws Error with the problem that the API answered */
export async function mustCall<Body = Readonly<Record<string, unknown>>>(
  operator: LocalOperator,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<Body> {
  const answer = await operator.call<Body>(method, path, body, headers);
  if (answer.status < 300) return answer.body;
  throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** An SSH key pair of the operator's own, made if it is not there. */
export async function makeKey(file: string): Promise<string> {
  if (!existsSync(file))
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'sallyport-local-operator', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

/** Registers the key for `ssh -J`, as the README tells a person to: with a signature over a challenge. */
export async function registerKey(operator: LocalOperator, file: string): Promise<void> {
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  const { challenge, namespace } = await mustCall<{ readonly challenge: string; readonly namespace: string }>(
    operator,
    'POST',
    '/v1/me/keys/challenges',
  );
  const signature = await run('ssh-keygen', ['-Y', 'sign', '-f', file, '-n', namespace], challenge);
  const answer = await operator.call('POST', '/v1/me/keys', { publicKey, challenge, signature });
  if (answer.status >= 300) throw new Error(`the SSH key was not registered: ${JSON.stringify(answer.body)}`);
}

/** What the command printed. Asynchronous, because the system that it may speak to lives in this process. */
export const run = (command: string, args: readonly string[], input = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.stdin.on('error', () => undefined);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`${command} ended with ${code}: ${Buffer.concat(err).toString('utf8').trim()}`));
    });
    child.stdin.end(input);
  });

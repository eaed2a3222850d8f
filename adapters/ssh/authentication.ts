import { printable } from './printable.ts';
import { type PublicKey, parsePublicKeyBlob } from './public-key.ts';
import { disconnectCodes } from './session-end.ts';
import { isSignatureAlgorithm, signatureAlgorithms, verifySignature } from './signature.ts';
import { SshFormatError, SshReader, sshString } from './ssh-bytes.ts';
import type { Transport } from './transport.ts';

/** One try to log in, for the log. What the client says is printable already. */
export interface AuthAttempt {
  readonly user: string;
  readonly method: string;
  readonly keyType?: string | undefined;
  readonly fingerprint?: string | undefined;
  /**
   * `acceptable`: asked without a signature, and would do. `accepted`: signed and let in. `refused`: this key may not
   * log in as this user. `bad_signature`, `bad_key`: forged, damaged or unsupported. `method_refused`: not a public key.
   */
  readonly outcome: 'acceptable' | 'accepted' | 'refused' | 'bad_signature' | 'bad_key' | 'method_refused';
  /** Why the key is bad. */
  readonly why?: string | undefined;
}

export interface AuthenticationHost {
  readonly transport: Transport;
  readonly ended: boolean;
  /** Whether this key may log in as this user. Asked before a signature is wanted, and again after it if that was over 5 s ago. */
  authorize(user: string, key: PublicKey): Promise<boolean>;
  report(attempt: AuthAttempt): void;
  accepted(user: string, key: PublicKey): void;
  endWith(reason: 'auth_failures' | 'authorize_failed' | 'protocol', code: number, message: string): void;
}

/** Clients with many keys try them one by one; OpenSSH's server lets them try 6. */
const maximumAttempts = 12;
const maximumQueued = 4;
/** A decision is at most so old. */
const decisionMilliseconds = 5000;
const maximumUser = 256;

interface Request {
  readonly user: string;
  readonly service: string;
  readonly method: string;
  readonly algorithm: string;
  readonly blob: Buffer;
  readonly signature: Buffer | undefined;
  /** What the signature covers, without the session id. */
  readonly signed: Buffer;
}

/** The server's side of RFC 4252: public keys only. Requests are answered one after the other, in their order. */
export class Authentication {
  readonly #host: AuthenticationHost;
  #attempts = 0;
  #queued = 0;
  #last: Promise<void> = Promise.resolve();
  #decision: { readonly user: string; readonly base64: string; readonly at: number } | undefined;
  #done = false;

  constructor(host: AuthenticationHost) {
    this.#host = host;
  }

  /** A USERAUTH_REQUEST. After success they are ignored (RFC 4252 section 5.3). */
  request(payload: Buffer): void {
    if (this.#done) return;
    if (this.#queued >= maximumQueued) {
      this.#host.endWith(
        'protocol',
        disconnectCodes.protocolError,
        'authentication requests without waiting for answers',
      );
      return;
    }
    // A copy: the payload is a slice of what was read from the network, and outlives this call.
    const own = Buffer.from(payload);
    this.#queued += 1;
    this.#last = this.#last
      .then(async () => {
        this.#queued -= 1;
        if (!this.#host.ended && !this.#done) await this.#answer(own);
      })
      .catch(() => this.#host.endWith('authorize_failed', disconnectCodes.serviceNotAvailable, 'an internal error'));
  }

  async #answer(payload: Buffer): Promise<void> {
    let request: Request;
    try {
      request = parse(payload);
    } catch (error) {
      if (!(error instanceof SshFormatError)) throw error;
      this.#host.endWith('protocol', disconnectCodes.protocolError, 'a damaged authentication request');
      return;
    }
    if (request.service !== 'ssh-connection') {
      this.#host.endWith('protocol', disconnectCodes.serviceNotAvailable, 'only the service ssh-connection is here');
      return;
    }
    // ssh2's codec keeps the methods in question in this queue and answers for the first of them.
    this.#host.transport._authsQueue.push(request.method);
    if (request.method !== 'publickey') this.#refuse(request, 'method_refused');
    else await this.#decide(request);
  }

  async #decide(request: Request): Promise<void> {
    const { user, algorithm, blob, signature } = request;
    const parsed = parsePublicKeyBlob(blob);
    if (!parsed.ok) return this.#refuse(request, 'bad_key', undefined, parsed.why);
    const { key } = parsed;
    if (!isSignatureAlgorithm(algorithm) || signatureAlgorithms[algorithm] !== key.type || user.length > maximumUser) {
      return this.#refuse(request, 'bad_key', key, `algorithm ${printable(algorithm, 60)} with a ${key.type} key`);
    }
    // The signature first: whoever does not own the key learns nothing and costs no look-up.
    if (signature !== undefined && !this.#verified(key, request, signature)) {
      return this.#refuse(request, 'bad_signature', key);
    }
    let allowed: boolean;
    try {
      allowed = this.#decidedBefore(user, key) || (await this.#host.authorize(user, key));
    } catch {
      // Not a refusal: a device whose key is refused would throw the key away.
      this.#host.endWith('authorize_failed', disconnectCodes.serviceNotAvailable, 'cannot decide now, try again');
      return;
    }
    if (this.#host.ended) return;
    if (!allowed) return this.#refuse(request, 'refused', key);
    this.#decision = { user, base64: key.base64, at: performance.now() };
    if (signature === undefined) {
      this.#report(request, 'acceptable', key);
      this.#host.transport.authPKOK(algorithm, blob);
      this.#count();
      return;
    }
    this.#done = true;
    this.#report(request, 'accepted', key);
    this.#host.accepted(user, key);
  }

  #decidedBefore(user: string, key: PublicKey): boolean {
    const decision = this.#decision;
    this.#decision = undefined;
    return (
      decision?.user === user &&
      decision.base64 === key.base64 &&
      performance.now() - decision.at < decisionMilliseconds
    );
  }

  #verified(key: PublicKey, request: Request, signature: Buffer): boolean {
    const { sessionId } = this.#host.transport;
    if (sessionId === undefined) return false;
    const algorithm = new SshReader(signature).text();
    // The algorithm inside the signature must be the one announced, or a SHA-512 request could carry SHA-256.
    return (
      algorithm === request.algorithm &&
      verifySignature(key, Buffer.concat([sshString(sessionId), request.signed]), signature)
    );
  }

  #refuse(request: Request, outcome: AuthAttempt['outcome'], key?: PublicKey, why?: string): void {
    this.#report(request, outcome, key, why);
    this.#host.transport.authFailure(['publickey']);
    this.#count();
  }

  #count(): void {
    this.#attempts += 1;
    if (this.#attempts >= maximumAttempts) {
      this.#host.endWith('auth_failures', disconnectCodes.noMoreAuthMethods, 'too many authentication attempts');
    }
  }

  #report(request: Request, outcome: AuthAttempt['outcome'], key?: PublicKey, why?: string): void {
    this.#host.report({
      user: printable(request.user, 128),
      method: printable(request.method, 40),
      keyType: key?.type,
      fingerprint: key?.fingerprint,
      outcome,
      why,
    });
  }
}

/** RFC 4252 section 7. Of other methods only the name is read: a password is never even decoded. */
const parse = (payload: Buffer): Request => {
  const reader = new SshReader(payload, 1);
  const user = reader.text();
  const service = reader.text();
  const method = reader.text();
  const none = { algorithm: '', blob: Buffer.alloc(0), signature: undefined, signed: Buffer.alloc(0) };
  if (method !== 'publickey') return { user, service, method, ...none };
  const hasSignature = reader.byte() !== 0;
  const algorithm = reader.text();
  const blob = reader.string();
  const signed = payload.subarray(0, reader.at);
  const signature = hasSignature ? reader.string() : undefined;
  // Checked here so that reading the algorithm's name later cannot fail.
  if (signature !== undefined) new SshReader(signature).string();
  reader.end();
  return { user, service, method, algorithm, blob, signature, signed };
};

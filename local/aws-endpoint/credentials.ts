import { randomBytes, randomInt } from 'node:crypto';
import type { Caller } from '../iam/caller.ts';

/** What a client of the SDK is given: session credentials of a role. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970; absent: they last as long as the endpoint. */
  readonly expiresAt?: number;
}

export interface IssuedCredentials extends Credentials {
  readonly caller: Extract<Caller, { kind: 'role' }>;
  /** Signing keys by credential scope, so that each is derived once a day and service. */
  readonly signingKeys: Map<string, Buffer>;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The credentials in force. Secrets never leave this object but to whom they were issued. */
export class CredentialStore {
  private readonly issued = new Map<string, IssuedCredentials>();

  /** @param lifetime milliseconds; undefined for no end */
  issue(caller: Extract<Caller, { kind: 'role' }>, now: number, lifetime?: number): Credentials {
    const credentials: Credentials = {
      // ASIA marks temporary credentials.
      accessKeyId: `ASIA${Array.from({ length: 16 }, () => BASE32.charAt(randomInt(32))).join('')}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(96).toString('base64'),
      ...(lifetime === undefined ? {} : { expiresAt: now + lifetime }),
    };
    this.issued.set(credentials.accessKeyId, { ...credentials, caller, signingKeys: new Map() });
    return credentials;
  }

  find(accessKeyId: string): IssuedCredentials | undefined {
    return this.issued.get(accessKeyId);
  }
}

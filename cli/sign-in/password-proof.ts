import { createHash, createHmac, getDiffieHellman, hkdfSync } from 'node:crypto';

/**
 * Proves to a Cognito user pool that somebody knows a password, without telling it (SRP-6a, RFC 5054 with SHA-256). The
 * pool's own turns: numbers are hashed as Java writes them (a leading zero byte where the first bit is set), and the
 * session key is 16 bytes of HKDF (RFC 5869).
 */
export type PasswordProof = {
  /** The client's public number, hexadecimal. */
  readonly publicNumber: string;
  /** Throws when the server's number is one that proves nothing. */
  key(challenge: Challenge): Buffer;
};
type Challenge = {
  /** The user's name as the pool's answer gives it (USER_ID_FOR_SRP). */
  readonly user: string;
  readonly password: string;
  /** The server's public number and the user's salt, hexadecimal. */
  readonly serverNumber: string;
  readonly salt: string;
};

/** RFC 3526, group 15: 3072 bits. */
const prime = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
const generator = 2n;

/** `secret`: at least 32 random bytes, for one sign-in. `pool`: the part of the pool's id behind its Region. */
export const startPasswordProof = (pool: string, secret: Buffer): PasswordProof => {
  const own = BigInt(`0x${secret.toString('hex')}`);
  const ours = power(generator, own);
  return {
    publicNumber: ours.toString(16),
    key({ user, password, serverNumber, salt }) {
      const theirs = BigInt(`0x${serverNumber}`);
      const scramble = hashOf(bytesOf(ours), bytesOf(theirs));
      if (theirs % prime === 0n || scramble === 0n) throw new Error('the pool sent a number that proves nothing');
      const identity = createHash('sha256').update(`${pool}${user}:${password}`).digest();
      const exponent = hashOf(bytesOf(BigInt(`0x${salt}`)), identity);
      const multiplier = hashOf(bytesOf(prime), bytesOf(generator));
      const base = theirs - multiplier * power(generator, exponent);
      const shared = power(((base % prime) + prime) % prime, own + scramble * exponent);
      return Buffer.from(hkdfSync('sha256', bytesOf(shared), bytesOf(scramble), 'Caldera Derived Key', 16));
    },
  };
};

/** What the pool wants to see signed with the key, base64. */
export const signChallenge = (
  key: Buffer,
  {
    pool,
    user,
    block,
    at,
  }: { readonly pool: string; readonly user: string; readonly block: string; readonly at: string },
): string =>
  createHmac('sha256', key).update(pool).update(user).update(Buffer.from(block, 'base64')).update(at).digest('base64');

/** `Sat Nov 1 07:08:09 UTC 2026`: the form in which the pool reads times. */
export const timeText = (milliseconds: number): string => {
  const [, day = '', date = '', month = '', year = '', time = ''] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(milliseconds).toUTCString()) ?? [];
  return `${day} ${month} ${Number(date)} ${time} UTC ${year}`;
};

const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n;
  let square = base % prime;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
};

const bytesOf = (number: bigint): Buffer => {
  const digits = number.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex');
};

const hashOf = (...parts: readonly Buffer[]): bigint => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return BigInt(`0x${hash.digest('hex')}`);
};

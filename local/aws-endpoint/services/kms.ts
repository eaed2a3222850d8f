import { createHmac, createPublicKey, randomBytes, sign, timingSafeEqual, verify } from 'node:crypto';
import { z } from 'zod';
import { type ConditionContext, contextOf } from '../../iam/condition-context.ts';
import { AwsError } from '../aws-error.ts';
import { jsonBody, targetOperation } from '../aws-request.ts';
import { jsonReply } from '../reply.ts';
import type { AwsService, Place, ServiceCall } from '../service.ts';
import { decrypt, type EncryptionContext, encrypt, keyOfCiphertext } from './ciphertext.ts';
import type { Key, KeyRing } from './key-ring.ts';

const Input = z.object({
  KeyId: z.string().max(2048).optional(),
  EncryptionContext: z.record(z.string(), z.string()).optional(),
  EncryptionAlgorithm: z.literal('SYMMETRIC_DEFAULT').optional(),
  Plaintext: z.string().optional(),
  CiphertextBlob: z.string().optional(),
  KeySpec: z.enum(['AES_128', 'AES_256']).optional(),
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  Message: z.string().optional(),
  Mac: z.string().optional(),
  MacAlgorithm: z.string().optional(),
  Signature: z.string().optional(),
  SigningAlgorithm: z.string().optional(),
  MessageType: z.string().optional(),
});
type Input = z.infer<typeof Input>;

/** Hash of an algorithm's name: `HMAC_SHA_256`, `ECDSA_SHA_384`. */
const hashOf = (algorithm: string): string => `sha${algorithm.slice(-3)}`;

export interface KmsOptions {
  readonly place: Place;
  readonly keys: KeyRing;
}

/** AWS KMS (JSON 1.1): what encrypts, authenticates and signs, with Node's own cryptography. */
export function kmsService({ place, keys }: KmsOptions): AwsService {
  return { signingName: 'kms', protocol: 'json-1.1', handle };

  function handle(call: ServiceCall) {
    const operation = targetOperation(call.request, 'TrentService');
    const input = inputOf(jsonBody(call.request));
    if (operation === 'GenerateRandom') {
      call.require('kms:GenerateRandom', '*');
      return call.perform(operation, () => reply({ Plaintext: base64(randomBytes(input.NumberOfBytes ?? 32)) }));
    }
    const run = OPERATIONS[operation];
    if (!run) throw new AwsError('UnknownOperationException', `${operation.slice(0, 64)} is not offered here`, 400);
    const key = keyFor(operation, input);
    call.require(`kms:${operation}`, key.arn, conditionsOf(input));
    return call.perform(operation, () => reply(run(key, input)));
  }

  /** A symmetric ciphertext names its key; a caller that names another one is refused. */
  function keyFor(operation: string, input: Input): Key {
    if (operation !== 'Decrypt') return keys.get(input.KeyId ?? '');
    const key = keyOfCiphertext(bytes(input.CiphertextBlob, 'CiphertextBlob'), keys);
    if (input.KeyId === undefined || keys.get(input.KeyId) === key) return key;
    throw new AwsError('IncorrectKeyException', 'the ciphertext is not of this key', 400);
  }

  function conditionsOf(input: Input): ConditionContext {
    const pairs = Object.entries(input.EncryptionContext ?? {});
    return contextOf({
      'kms:CallerAccount': place.account,
      'kms:RequestAlias': input.KeyId?.includes('alias/')
        ? input.KeyId.slice(input.KeyId.indexOf('alias/'))
        : undefined,
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      'kms:EncryptionContextKeys': pairs.length === 0 ? undefined : pairs.map(([name]) => name),
      'kms:MacAlgorithm': input.MacAlgorithm,
      'kms:SigningAlgorithm': input.SigningAlgorithm,
      'kms:MessageType': input.MessageType,
      ...Object.fromEntries(pairs.map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
    });
  }
}

const OPERATIONS: Readonly<Record<string, (key: Key, input: Input) => Readonly<Record<string, unknown>>>> = {
  Encrypt: (key, input) => {
    const blob = encrypt(used(key, 'ENCRYPT_DECRYPT'), bytes(input.Plaintext, 'Plaintext', 4096), contextIn(input));
    return { KeyId: key.arn, CiphertextBlob: base64(blob), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  },
  Decrypt: (key, input) => {
    const plaintext = decrypt(
      used(key, 'ENCRYPT_DECRYPT'),
      bytes(input.CiphertextBlob, 'CiphertextBlob'),
      contextIn(input),
    );
    return { KeyId: key.arn, Plaintext: base64(plaintext), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  },
  GenerateDataKey: (key, input) => {
    const plaintext = dataKey(input);
    const blob = encrypt(used(key, 'ENCRYPT_DECRYPT'), plaintext, contextIn(input));
    return { KeyId: key.arn, Plaintext: base64(plaintext), CiphertextBlob: base64(blob) };
  },
  GenerateDataKeyWithoutPlaintext: (key, input) => {
    const blob = encrypt(used(key, 'ENCRYPT_DECRYPT'), dataKey(input), contextIn(input));
    return { KeyId: key.arn, CiphertextBlob: base64(blob) };
  },
  GenerateMac: (key, input) => ({ KeyId: key.arn, Mac: base64(macOf(key, input)), MacAlgorithm: input.MacAlgorithm }),
  VerifyMac: (key, input) => {
    const [expected, given] = [macOf(key, input), bytes(input.Mac, 'Mac')];
    if (expected.length !== given.length || !timingSafeEqual(expected, given))
      throw new AwsError('KMSInvalidMacException', 'the MAC is not valid', 400);
    return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm };
  },
  Sign: (key, input) => {
    const signature = sign(...signing(key, input));
    return { KeyId: key.arn, Signature: base64(signature), SigningAlgorithm: input.SigningAlgorithm };
  },
  Verify: (key, input) => {
    if (!verify(...signing(key, input), bytes(input.Signature, 'Signature')))
      throw new AwsError('KMSInvalidSignatureException', 'the signature is not valid', 400);
    return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
  },
  GetPublicKey: (key) => ({
    KeyId: key.arn,
    PublicKey: base64(createPublicKey(privateKeyOf(key)).export({ type: 'spki', format: 'der' })),
    KeySpec: key.spec,
    KeyUsage: key.usage,
    SigningAlgorithms: [signingAlgorithm(key)],
  }),
  DescribeKey: ({ id, arn, spec, usage }) => ({
    KeyMetadata: { KeyId: id, Arn: arn, KeySpec: spec, KeyUsage: usage, Enabled: true, KeyState: 'Enabled' },
  }),
};

function macOf(key: Key, input: Input): Buffer {
  used(key, 'GENERATE_VERIFY_MAC');
  const algorithm = `HMAC_SHA_${key.spec.slice(-3)}`;
  if (input.MacAlgorithm !== algorithm) throw invalidUsage(key);
  return createHmac(hashOf(algorithm), key.secret)
    .update(bytes(input.Message, 'Message', 4096))
    .digest();
}

/** Only whole messages are signed (MessageType RAW): Node signs no elliptic-curve digest made elsewhere. */
function signing(key: Key, input: Input): [string, Buffer, ReturnType<typeof privateKeyOf>] {
  if (input.SigningAlgorithm !== signingAlgorithm(key)) throw invalidUsage(key);
  if ((input.MessageType ?? 'RAW') !== 'RAW')
    throw new AwsError('UnsupportedOperationException', 'only MessageType RAW is offered here', 400);
  return [hashOf(input.SigningAlgorithm), bytes(input.Message, 'Message', 4096), privateKeyOf(key)];
}

function signingAlgorithm(key: Key): string {
  return `ECDSA_SHA_${key.spec.slice(-3)}`;
}

function privateKeyOf(key: Key) {
  if (!key.privateKey) throw invalidUsage(key);
  return key.privateKey;
}

function used(key: Key, usage: Key['usage']): Key {
  if (key.usage === usage) return key;
  throw invalidUsage(key);
}

function invalidUsage(key: Key): AwsError {
  return new AwsError('InvalidKeyUsageException', `${key.arn} is a key of the kind ${key.spec}`, 400);
}

function dataKey({ KeySpec, NumberOfBytes }: Input): Buffer {
  if ((KeySpec === undefined) === (NumberOfBytes === undefined))
    throw new AwsError('ValidationException', 'give either KeySpec or NumberOfBytes', 400);
  return randomBytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
}

function contextIn(input: Input): EncryptionContext {
  return input.EncryptionContext ?? {};
}

function inputOf(body: unknown): Input {
  const result = Input.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AwsError('ValidationException', `${issue?.path.join('.')}: ${issue?.message}`, 400);
}

/** @param limit KMS takes plaintexts and messages of up to 4,096 bytes, ciphertexts of up to 6,144 */
function bytes(value: string | undefined, name: string, limit = 6144): Buffer {
  const result = Buffer.from(value ?? '', 'base64');
  if (value !== undefined && result.length > 0 && result.length <= limit) return result;
  throw new AwsError('ValidationException', `${name} must have 1 to ${limit} bytes`, 400);
}

const base64 = (data: Buffer): string => data.toString('base64');
const reply = (value: unknown) => jsonReply('json-1.1', value);

import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import { type JsonFile, jsonFile } from '../json-file.ts';

/** The kinds of keys that exist here. */
export type KeySpec = 'SYMMETRIC_DEFAULT' | 'HMAC_256' | 'HMAC_384' | 'HMAC_512' | 'ECC_NIST_P256' | 'ECC_NIST_P384';

/** A key as a template describes it (`AWS::KMS::Key`, with the names of its `AWS::KMS::Alias`es). */
export interface KeyDescription {
  readonly arn: string;
  /** Default SYMMETRIC_DEFAULT. */
  readonly spec?: KeySpec;
  /** `alias/...` */
  readonly aliases?: readonly string[];
}

export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: 'ENCRYPT_DECRYPT' | 'GENERATE_VERIFY_MAC' | 'SIGN_VERIFY';
  /** Of symmetric and HMAC keys. */
  readonly secret: Buffer;
  /** Of elliptic-curve keys. */
  readonly privateKey?: KeyObject;
}

const SECRET_BYTES: Readonly<Record<string, number>> = {
  SYMMETRIC_DEFAULT: 32,
  HMAC_256: 32,
  HMAC_384: 48,
  HMAC_512: 64,
};
const CURVES: Readonly<Record<string, string>> = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384' };
/** Base64 by key id: the secret, or the private key in PKCS #8 DER. */
const Material = z.record(z.string(), z.string());

/** The KMS keys of the system. Material is made at first sight of a key, and kept if a path is given. */
export class KeyRing {
  private readonly keys = new Map<string, Key>();
  private readonly file: JsonFile<Record<string, string>>;
  private readonly material: Record<string, string>;

  constructor(path?: string) {
    this.file = jsonFile(path, (value) => Material.parse(value));
    this.material = this.file.read() ?? {};
  }

  /** @throws Error for a kind of key that does not exist here, which stops the start */
  add({ arn, spec = 'SYMMETRIC_DEFAULT', aliases = [] }: KeyDescription): void {
    const id = arn.slice(arn.lastIndexOf('/') + 1);
    const known = this.material[id];
    const material = known ?? newMaterial(spec);
    if (known === undefined) {
      this.material[id] = material;
      this.file.write(this.material);
    }
    const key = keyOf(arn, id, spec, Buffer.from(material, 'base64'));
    for (const name of [id, arn]) this.keys.set(name, key);
    for (const alias of aliases) this.addAlias(arn, alias);
  }

  /**
   * @param name `alias/...`
   * @throws AwsError NotFoundException when there is no such key
   */
  addAlias(keyArn: string, name: string): void {
    const key = this.get(keyArn);
    const prefix = key.arn.slice(0, key.arn.indexOf(':key/') + 1);
    for (const alias of [name, `${prefix}${name}`]) this.keys.set(alias, key);
  }

  /**
   * Finds a key by id, ARN, alias or alias ARN.
   *
   * @throws AwsError NotFoundException
   */
  get(id: string): Key {
    const key = this.keys.get(id);
    if (key) return key;
    throw new AwsError('NotFoundException', 'the key does not exist', 400);
  }
}

function newMaterial(spec: KeySpec): string {
  const size = SECRET_BYTES[spec];
  if (size !== undefined) return randomBytes(size).toString('base64');
  const namedCurve = CURVES[spec];
  if (namedCurve === undefined) throw new Error(`KMS keys of the kind ${spec} do not exist here`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

function keyOf(arn: string, id: string, spec: KeySpec, material: Buffer): Key {
  if (spec === 'SYMMETRIC_DEFAULT') return { id, arn, spec, usage: 'ENCRYPT_DECRYPT', secret: material };
  if (spec.startsWith('HMAC_')) return { id, arn, spec, usage: 'GENERATE_VERIFY_MAC', secret: material };
  const privateKey = createPrivateKey({ key: material, type: 'pkcs8', format: 'der' });
  return { id, arn, spec, usage: 'SIGN_VERIFY', secret: Buffer.alloc(0), privateKey };
}

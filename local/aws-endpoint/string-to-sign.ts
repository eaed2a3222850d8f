import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { ALGORITHM_IDENTIFIER, getCanonicalHeaders, SignatureV4Base } from '@smithy/signature-v4';
import type { AwsRequest } from './aws-request.ts';

/** SHA-256 in the shape that the signer's base class asks for. */
class NodeSha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}

/** The canonicalisation of the SDK's own signer; its key and credentials play no part in it. */
class Canonicaliser extends SignatureV4Base {
  constructor() {
    super({ service: '', region: '', credentials: { accessKeyId: '', secretAccessKey: '' }, sha256: NodeSha256 });
  }

  stringToSign(request: SignableRequest, signed: SignedParts): Promise<string> {
    const headers = getCanonicalHeaders(request, undefined, new Set(Object.keys(request.headers)));
    const canonical = this.createCanonicalRequest(request, headers, signed.payloadHash);
    return this.createStringToSign(signed.date, signed.scope, canonical, ALGORITHM_IDENTIFIER);
  }
}

type SignableRequest = Parameters<typeof getCanonicalHeaders>[0];

/** What a client says it signed. */
export interface SignedParts {
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  /** `YYYYMMDD/region/service/aws4_request` */
  readonly scope: string;
  /** Lower-case names. */
  readonly signedHeaders: readonly string[];
  /** Hexadecimal SHA-256 of the body. */
  readonly payloadHash: string;
}

const canonicaliser = new Canonicaliser();

/** The string to sign of Signature Version 4, over those headers and no others. */
export function stringToSign(request: AwsRequest, signed: SignedParts): Promise<string> {
  const headers = Object.fromEntries(signed.signedHeaders.map((name) => [name, request.headers[name] ?? '']));
  const { method, path, queryValues: query } = request;
  return canonicaliser.stringToSign({ protocol: 'http:', hostname: '', method, path, query, headers }, signed);
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  if (secret instanceof ArrayBuffer) return new Uint8Array(secret);
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}

import { ALGORITHM_IDENTIFIER, getCanonicalHeaders, SignatureV4Base } from '@smithy/signature-v4';
import { Sha256 } from '../../adapters/aws/sha256.ts';
import type { AwsRequest } from './aws-request.ts';

/** The canonicalisation of the SDK's own signer; its key and credentials play no part in it. */
class Canonicaliser extends SignatureV4Base {
  constructor() {
    super({ service: '', region: '', credentials: { accessKeyId: '', secretAccessKey: '' }, sha256: Sha256 });
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

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { AwsRequest } from './aws-request.ts';
import type { CredentialStore, IssuedCredentials } from './credentials.ts';
import { stringToSign } from './string-to-sign.ts';

/** AWS refuses requests signed more than five minutes from its own time. */
const MAX_SKEW_MS = 5 * 60_000;
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

export interface VerifierOptions {
  readonly credentials: CredentialStore;
  readonly region: string;
  /** Signing names of the services that answer here. */
  readonly services: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface VerifiedRequest {
  readonly credentials: IssuedCredentials;
  /** The signing name of the service, as in the credential scope. */
  readonly service: string;
}

/**
 * Verifies the Signature Version 4 of a request.
 *
 * @throws AwsError with AWS's own name for what is wrong. It tells nothing about the expected signature.
 */
export async function verifySignature(request: AwsRequest, options: VerifierOptions): Promise<VerifiedRequest> {
  const header = request.headers.authorization;
  if (header === undefined) throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, credential = '', names = '', signature = ''] = AUTHORIZATION.exec(header) ?? incomplete();
  const [accessKeyId = '', day = '', region = '', service = '', terminator = ''] = credential.split('/');
  const credentials = options.credentials.find(accessKeyId);
  if (!credentials || !sameText(credentials.sessionToken, request.headers['x-amz-security-token'] ?? ''))
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const now = options.now();
  if (credentials.expiresAt !== undefined && now >= credentials.expiresAt)
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  const date = checkDate(request.headers['x-amz-date'] ?? '', now);
  if (!options.services.has(service)) throw invalid('Credential should be scoped to a correct service.');
  if (region !== options.region) throw invalid('Credential should be scoped to a valid region.');
  if (day !== date.slice(0, 8) || terminator !== 'aws4_request')
    throw invalid('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.');
  const signedHeaders = names.split(';');
  checkSignedHeaders(request, signedHeaders);
  const scope = `${day}/${region}/${service}/${terminator}`;
  const text = await stringToSign(request, { date, scope, signedHeaders, payloadHash: payloadHashOf(request) });
  const expected = createHmac('sha256', signingKey(credentials, scope)).update(text).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw invalid(MISMATCH);
  return { credentials, service };
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

function incomplete(): never {
  throw new AwsError(
    'IncompleteSignatureException',
    "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
    400,
  );
}

const invalid = (message: string): AwsError => new AwsError('InvalidSignatureException', message);

/** Returns the date when it is near enough. */
function checkDate(date: string, now: number): string {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? incomplete();
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAt)) return incomplete();
  if (signedAt < now - MAX_SKEW_MS)
    throw invalid(`Signature expired: ${date} is now earlier than ${compactDate(now - MAX_SKEW_MS)} (5 min.)`);
  if (signedAt > now + MAX_SKEW_MS)
    throw invalid(`Signature not yet current: ${date} is still later than ${compactDate(now + MAX_SKEW_MS)} (5 min.)`);
  return date;
}

/** "host" and every x-amz-* header must be signed, or somebody on the way could add them. */
function checkSignedHeaders(request: AwsRequest, signedHeaders: readonly string[]): void {
  const unsigned = Object.keys(request.headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned !== undefined) throw invalid(`'${unsigned}' must be a signed header in the AWS Authorization.`);
  if (signedHeaders.some((name) => request.headers[name] === undefined)) throw invalid(MISMATCH);
}

/** The hash of the body that came. A client that names another one, or none ("UNSIGNED-PAYLOAD"), is refused. */
function payloadHashOf(request: AwsRequest): string {
  const hash = createHash('sha256').update(request.body).digest('hex');
  const claimed = request.headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== hash)
    throw invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  return hash;
}

/** Derived once a day and service; the cache stays small because the scope was checked before. */
function signingKey(credentials: IssuedCredentials, scope: string): Buffer {
  const cached = credentials.signingKeys.get(scope);
  if (cached) return cached;
  if (credentials.signingKeys.size >= 32) credentials.signingKeys.clear();
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (parent, part) => createHmac('sha256', parent).update(part).digest(),
      `AWS4${credentials.secretAccessKey}`,
    );
  const derived = Buffer.from(key);
  credentials.signingKeys.set(scope, derived);
  return derived;
}

function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function compactDate(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

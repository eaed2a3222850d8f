import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, FlattenedSign, type JWK } from 'jose';
import * as z from 'zod';
import { SallyportError } from '../../core/errors.ts';
import { harmless } from '../../core/model/text.ts';

const url = z.url();
const directorySchema = z.object({ newNonce: url, newAccount: url, newOrder: url });
const problemSchema = z.object({ type: z.string().default(''), detail: z.string().default('') });

/** A fresh P-256 key. By way of its text: exporting a fresh one as JWK can deadlock Node 20 when it collects garbage. */
export const newEcKey = (): KeyObject =>
  createPrivateKey(
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }).privateKey,
  );

export type AcmeAnswer = { readonly body: unknown; readonly text: string; readonly location: string | undefined };

const answerMilliseconds = 30_000;
const maxNonces = 3;

/**
 * An account at an ACME authority and signed requests by it (RFC 8555 sections 6 and 7.3). The account is made for one
 * order and its key kept nowhere: an authority that forgets it loses nothing, and there is no secret to guard or rotate.
 */
export const connectAcme = async (options: { readonly directory: string; readonly email: string }) => {
  const fetchOrThrow = (address: string, init: RequestInit): Promise<Response> =>
    fetch(address, { ...init, signal: AbortSignal.timeout(answerMilliseconds) }).catch((cause: unknown) => {
      throw new SallyportError('unavailable', { detail: 'the certificate authority does not answer', cause });
    });
  const found = directorySchema.safeParse(await (await fetchOrThrow(options.directory, {})).json().catch(() => null));
  if (!found.success) throw new SallyportError('unavailable', { detail: 'there is no ACME directory' });
  const directory = found.data;

  const key = newEcKey();
  const { kty, crv, x, y } = await exportJWK(createPublicKey(key));
  const jwk = { kty, crv, x, y } as JWK;
  const thumbprint = await calculateJwkThumbprint(jwk);
  let account: string | undefined;
  let nonce: string | undefined;

  const nextNonce = async (): Promise<string> => {
    const held = nonce ?? (await fetchOrThrow(directory.newNonce, { method: 'HEAD' })).headers.get('replay-nonce');
    nonce = undefined;
    if (held === null) throw new SallyportError('unavailable', { detail: 'the certificate authority gave no nonce' });
    return held;
  };

  /** `undefined` as payload reads (POST-as-GET, section 6.3). */
  const post = async (address: string, payload: object | undefined): Promise<AcmeAnswer> => {
    for (let tries = 1; ; tries += 1) {
      const header = { alg: 'ES256', nonce: await nextNonce(), url: address };
      const signed = await new FlattenedSign(Buffer.from(payload === undefined ? '' : JSON.stringify(payload)))
        .setProtectedHeader(account === undefined ? { ...header, jwk } : { ...header, kid: account })
        .sign(key);
      const reply = await fetchOrThrow(address, {
        method: 'POST',
        headers: { 'content-type': 'application/jose+json' },
        body: JSON.stringify(signed),
      });
      nonce = reply.headers.get('replay-nonce') ?? undefined;
      const text = await reply.text();
      const read = jsonOf(text);
      if (reply.ok) return { text, body: read, location: reply.headers.get('location') ?? undefined };
      const problem = problemSchema.safeParse(read).data;
      // A nonce that has aged is replaced by the one in the refusal (section 6.5).
      if (problem?.type === 'urn:ietf:params:acme:error:badNonce' && tries < maxNonces) continue;
      throw new SallyportError('unavailable', {
        detail: `the certificate authority refused: ${reply.status} ${harmless(problem?.type.split(':').at(-1), 60)} ${harmless(problem?.detail, 300)}`,
      });
    }
  };

  const made = await post(directory.newAccount, { termsOfServiceAgreed: true, contact: [`mailto:${options.email}`] });
  account = made.location;
  if (account === undefined)
    throw new SallyportError('unavailable', { detail: 'the certificate authority named no account' });
  return { directory, post, keyAuthorization: (token: string) => `${token}.${thumbprint}` };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

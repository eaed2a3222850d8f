import { createHash } from 'node:crypto';
import * as z from 'zod';
import { SallyportError } from '../../core/errors.ts';
import { endOfCertificate } from '../../core/model/certificate.ts';
import { harmless } from '../../core/model/text.ts';
import type { CertificateIssuer } from '../../core/ports/certificates.ts';
import type { Timers } from '../../core/ports/timers.ts';
import { type AcmeAnswer, connectAcme, newEcKey } from './connection.ts';
import { certificateRequest } from './csr.ts';

/** The TXT record by which the domain is proven (RFC 8555 section 8.4). */
export type ChallengeRecord = {
  /** Resolves when the world can see it. */
  put(value: string): Promise<void>;
  remove(value: string): Promise<void>;
};

/** A third of the 90 days that are common: a month of failing hours before anybody notices. */
const renewMilliseconds = 30 * 86_400_000;
const pollMilliseconds = 3_000;
const maxPolls = 60;

const address = z.url();
const challengeSchema = z.object({
  type: z.string(),
  url: address,
  token: z
    .string()
    .regex(/^[\w-]{1,256}$/)
    .optional(),
});
const authorizationSchema = z.object({ status: z.string(), challenges: z.array(challengeSchema) });
const orderSchema = z.object({
  status: z.string(),
  authorizations: z.array(address).min(1).max(10),
  finalize: address,
  certificate: address.optional(),
});

const read = <Schema extends z.ZodType>(answer: AcmeAnswer, schema: Schema): z.output<Schema> => {
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new SallyportError('unavailable', { detail: 'the certificate authority answers otherwise than RFC 8555' });
};

/** Certificates by ACME with DNS-01, the only way to prove a wildcard. An order takes about a minute. */
export const createAcmeIssuer = (options: {
  readonly directory: string;
  readonly email: string;
  readonly domain: string;
  readonly record: ChallengeRecord;
  readonly timers: Timers;
  readonly now: () => number;
}): CertificateIssuer => {
  const { timers, record, domain } = options;
  const poll = async <Schema extends z.ZodType<{ readonly status: string }>>(
    ask: () => Promise<AcmeAnswer>,
    { schema, until, what }: { readonly schema: Schema; readonly until: readonly string[]; readonly what: string },
  ): Promise<z.output<Schema>> => {
    for (let polls = 0; polls < maxPolls; polls += 1) {
      const found = read(await ask(), schema);
      if (until.includes(found.status)) return found;
      if (found.status === 'invalid') throw new SallyportError('unavailable', { detail: `${what} was found invalid` });
      await new Promise<void>((resolve) => void timers.schedule(pollMilliseconds, resolve));
    }
    throw new SallyportError('unavailable', { detail: `${what} is still not decided` });
  };

  const order = async () => {
    const { directory, post, keyAuthorization } = await connectAcme(options);
    const prove = async (authorization: string): Promise<void> => {
      const { status, challenges } = read(await post(authorization, undefined), authorizationSchema);
      if (status === 'valid') return;
      const challenge = challenges.find(({ type }) => type === 'dns-01');
      if (challenge?.token === undefined)
        throw new SallyportError('unavailable', { detail: 'the certificate authority offers no dns-01 challenge' });
      const value = createHash('sha256').update(keyAuthorization(challenge.token)).digest('base64url');
      await record.put(value);
      try {
        await post(challenge.url, {});
        await poll(() => post(authorization, undefined), {
          ...{ schema: authorizationSchema, until: ['valid'], what: `the proof of ${harmless(domain)}` },
        });
      } finally {
        // What is left behind does no harm, and hides no other failure.
        await record.remove(value).catch(() => undefined);
      }
    };

    const made = await post(directory.newOrder, { identifiers: [{ type: 'dns', value: `*.${domain}` }] });
    const { location } = made;
    if (location === undefined) throw new SallyportError('unavailable', { detail: 'the order has no address' });
    const { authorizations, finalize } = read(made, orderSchema);
    for (const authorization of authorizations) await prove(authorization);
    const ask = () => post(location, undefined);
    await poll(ask, { schema: orderSchema, until: ['ready', 'processing', 'valid'], what: 'the order' });
    const key = newEcKey();
    await post(finalize, { csr: certificateRequest(key, [`*.${domain}`]).toString('base64url') });
    const { certificate } = await poll(ask, { schema: orderSchema, until: ['valid'], what: 'the order' });
    if (certificate === undefined) throw new SallyportError('unavailable', { detail: 'the order has no certificate' });
    return {
      cert: (await post(certificate, undefined)).text,
      key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    };
  };

  return {
    async next(standing) {
      const end = standing === undefined ? undefined : endOfCertificate(standing.cert);
      return end !== undefined && end - options.now() > renewMilliseconds ? undefined : order();
    },
  };
};

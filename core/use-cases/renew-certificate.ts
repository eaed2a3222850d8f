import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { type CertificateText, judgeCertificate } from '../model/certificate.ts';
import type { CertificateIssuer, CertificateStore } from '../ports/certificates.ts';
import type { Clock } from '../ports/clock.ts';

export type RenewPorts = {
  readonly store: CertificateStore;
  readonly issuer: CertificateIssuer;
  readonly clock: Pick<Clock, 'now'>;
  readonly hub: EventHub;
};

/**
 * Brings the routers their next certificate if there is one. It is judged as routers will judge it: a bad one is never
 * written over a good one. A secret that holds nonsense counts as empty, for a certificate can always be had again.
 * Answers whether it wrote. Throws `internal` for a bad certificate, and what the issuer throws.
 */
export const renewCertificate = async (
  ports: RenewPorts,
  { domain }: { readonly domain: string },
): Promise<boolean> => {
  const { store, issuer, clock, hub } = ports;
  const judge = (text: CertificateText) => judgeCertificate(text, { domain, now: clock.now() });
  const found = await store.read().catch((error: unknown) => {
    if (!(error instanceof SallyportError) || error.code !== 'internal') throw error;
    hub.log('error', 'certificate.unreadable', { why: error.detail });
    return undefined;
  });
  const standing = found !== undefined && judge(found).ok ? found : undefined;
  const next = await issuer.next(standing);
  if (next === undefined) {
    hub.log('info', 'certificate.kept', { usable: standing !== undefined });
    return false;
  }
  const verdict = judge(next);
  if (!verdict.ok)
    throw new SallyportError('internal', {
      detail: `the new certificate is of no use: ${verdict.problems.join('; ')}`,
    });
  const { fingerprint, notAfter } = verdict.facts;
  await hub.changed({
    action: 'certificate',
    way: 'issuer',
    facts: { fingerprint, until: new Date(notAfter).toISOString() },
  });
  await store.write(next);
  hub.metrics.count('certificates_issued', 1);
  return true;
};

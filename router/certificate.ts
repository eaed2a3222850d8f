import { createSecureContext, type SecureContext } from 'node:tls';
import type { EventHub } from '../core/events.ts';
import { type CertificateText, judgeCertificate } from '../core/model/certificate.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { SecretSource } from '../core/ports/secret-source.ts';
import type { Timers } from '../core/ports/timers.ts';
import { type Followed, followSecret } from '../core/use-cases/follow-secret.ts';

const day = 86_400_000;
const gaugeMilliseconds = 60_000;

type Served = { readonly context: SecureContext; readonly notAfter: number };

/**
 * The wildcard certificate, as new TLS handshakes get it. One that routers cannot serve leaves the one before standing, and
 * where there was none TLS stays off: SSH needs no certificate and must not wait for one. The days that are left are a
 * metric of each minute.
 */
export const followCertificate = async (
  source: SecretSource<CertificateText>,
  options: {
    readonly domain: string;
    readonly clock: Pick<Clock, 'now'>;
    readonly timers: Timers;
    readonly hub: EventHub;
    readonly everyMilliseconds?: number;
  },
): Promise<Followed<SecureContext | undefined>> => {
  const { domain, clock, timers, hub } = options;
  const use = (text: CertificateText): Served => {
    const verdict = judgeCertificate(text, { domain, now: clock.now() });
    if (!verdict.ok) throw new Error(verdict.problems.join('; '));
    const { notAfter, fingerprint } = verdict.facts;
    const context = createSecureContext({ cert: text.cert, key: text.key, minVersion: 'TLSv1.2' });
    hub.log('info', 'certificate.used', { fingerprint, until: new Date(notAfter).toISOString() });
    return { context, notAfter };
  };
  const followed = await followSecret<CertificateText, Served | undefined>({
    ...{ name: 'certificate', source, use, timers, hub },
    otherwise: { usable: undefined },
    ...(options.everyMilliseconds === undefined ? {} : { everyMilliseconds: options.everyMilliseconds }),
  });
  let timer: { cancel(): void };
  const tell = (): void => {
    const served = followed.current();
    if (served !== undefined)
      hub.metrics.gauge('certificate_days_left', Math.floor((served.notAfter - clock.now()) / day));
    timer = timers.schedule(gaugeMilliseconds, tell);
  };
  tell();
  return {
    current: () => followed.current()?.context,
    stop() {
      followed.stop();
      timer.cancel();
    },
  };
};

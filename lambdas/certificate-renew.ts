import { type RenewPorts, renewCertificate } from '../core/use-cases/renew-certificate.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

type Ports = EdgePorts & RenewPorts & { readonly domain: string };

/** Each hour: most hours the certificate has long to live, and nothing is done. */
export const respond = async (ports: Ports, _event: unknown): Promise<{ readonly renewed: boolean }> => ({
  renewed: await renewCertificate(ports, ports),
});

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('certificate-renew', wiring.auditLog()),
    domain: wiring.domain(),
    store: wiring.certificateStore(),
    issuer: wiring.acmeIssuer(),
  })),
  respond,
);

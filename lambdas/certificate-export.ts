import { type RenewPorts, renewCertificate } from '../core/use-cases/renew-certificate.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

type Ports = EdgePorts & RenewPorts & { readonly domain: string };

/** Each hour, and when ACM says that it has issued or renewed. */
export const respond = async (ports: Ports, _event: unknown): Promise<{ readonly renewed: boolean }> => ({
  renewed: await renewCertificate(ports, ports),
});

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('certificate-export', wiring.auditLog()),
    domain: wiring.domain(),
    store: wiring.certificateStore(),
    issuer: wiring.acmExport(),
  })),
  respond,
);

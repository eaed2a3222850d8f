import type { ContextCertificate, PolicyDocument } from './authorize.ts';
import { type AttachedThing, associatedThing, type CertificateRegistry } from './registry.ts';

/** Who a connection authenticated as. Policies and things are read anew each time. */
export interface Principal {
  /** The certificate id, or what the custom authorizer named. */
  readonly id: string;
  readonly certificate?: ContextCertificate;
  policies(clientId: string): readonly PolicyDocument[];
  thing(clientId: string): AttachedThing | undefined;
}

/** A certificate that was revoked or forgotten since has no policies left. */
export function certificatePrincipal(certificate: ContextCertificate, registry: CertificateRegistry): Principal {
  const id = certificate.certificateId;
  const record = () => {
    const found = registry.find(id);
    return found?.active === true ? found : undefined;
  };
  return {
    id,
    certificate,
    policies: (clientId) => {
      const found = record();
      if (found === undefined) return [];
      return [...found.attachedPolicies, ...(associatedThing(found, clientId)?.groupPolicies ?? [])];
    },
    thing: (clientId) => {
      const found = record();
      return found === undefined ? undefined : associatedThing(found, clientId);
    },
  };
}

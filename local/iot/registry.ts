import { createHash, X509Certificate } from 'node:crypto';
import type { PolicyDocument } from './authorize.ts';

/** A thing that a certificate is attached to (`AWS::IoT::ThingPrincipalAttachment`). */
export interface AttachedThing {
  readonly name: string;
  readonly type?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly principalType: 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';
  /** Of the groups that the thing is in: they apply to connections that stand for the thing. */
  readonly groupPolicies?: readonly PolicyDocument[];
}

/** What the registry knows of a certificate now. */
export interface CertificateRecord {
  readonly active: boolean;
  readonly attachedPolicies: readonly PolicyDocument[];
  readonly things: readonly AttachedThing[];
}

/** The device registry, as far as the broker reads it. It is asked at every decision. */
export interface CertificateRegistry {
  /** @param certificateId 64 hexadecimal digits: the SHA-256 of the certificate, as AWS makes it. */
  find(certificateId: string): CertificateRecord | undefined;
}

/** The id of a certificate, from its PEM or DER. Throws when it is none. */
export function certificateIdOf(certificate: string | Buffer): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
}

/**
 * The thing that a connection stands for: the one that its certificate is attached to exclusively, whatever the client
 * id, or the attached one whose name is the client id (AWS: "Associating an AWS IoT thing to an MQTT client connection").
 */
export function associatedThing(record: CertificateRecord, clientId: string): AttachedThing | undefined {
  const exclusive = record.things.find((thing) => thing.principalType === 'EXCLUSIVE_THING');
  return exclusive ?? record.things.find((thing) => thing.name === clientId);
}

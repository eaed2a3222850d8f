import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { jsonFile } from '../aws-endpoint/json-file.ts';
import type { CertificateStatus, ThingPrincipal, ThingRegistry } from '../aws-endpoint/services/iot-control.ts';
import type { Place } from '../cloudformation/place.ts';
import type { PolicyStore } from '../iam/policy-store.ts';
import { type CertificateRegistry, certificateIdOf } from '../iot/registry.ts';

const principalType = z.enum(['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING']);
const thing = z.object({
  thingName: z.string(),
  thingId: z.string(),
  thingTypeName: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
});
const certificate = z.object({
  id: z.string(),
  pem: z.string(),
  status: z.enum(['ACTIVE', 'INACTIVE', 'REVOKED']),
  createdAt: z.number(),
  policies: z.array(z.string()),
  things: z.array(z.object({ name: z.string(), type: principalType })),
});
const state = z.object({ things: z.array(thing), certificates: z.array(certificate) });

export interface DeviceRegistryOptions {
  readonly place: Place;
  readonly policies: PolicyStore;
  /** Host name of the broker. */
  readonly endpoint: string;
  /** Keeps the registry; without it, it lasts as long as the process. */
  readonly file?: string;
}

export interface NewDevice {
  readonly thingName: string;
  readonly thingTypeName: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly certificatePem: string;
  readonly policyName: string;
  /** Default EXCLUSIVE_THING: the connection is the thing's whatever its client id. */
  readonly attachment?: 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';
}

/** Things, their certificates and what these may do: AWS IoT's device registry, for its API and for the broker. */
export class DeviceRegistry implements ThingRegistry, CertificateRegistry {
  private readonly state: z.output<typeof state>;
  private readonly options: DeviceRegistryOptions;
  private readonly keep: (value: z.output<typeof state>) => void;

  constructor(options: DeviceRegistryOptions) {
    this.options = options;
    const file = jsonFile(options.file, (value) => state.parse(value));
    this.state = file.read() ?? { things: [], certificates: [] };
    this.keep = (value) => file.write(value);
  }

  /** Creates the thing and registers its certificate, with its policy. A second certificate joins the first. */
  add(device: NewDevice): string {
    const { thingName: name, thingTypeName, attributes = {}, certificatePem: pem } = device;
    if (this.thing(name) === undefined) {
      this.state.things.push({ thingName: name, thingId: randomUUID(), thingTypeName, attributes: { ...attributes } });
    }
    const id = certificateIdOf(pem);
    const type = device.attachment ?? 'EXCLUSIVE_THING';
    const policies = [device.policyName];
    const things = [{ name, type }];
    this.state.certificates.push({ id, pem, status: 'ACTIVE', createdAt: Date.now(), policies, things });
    this.keep(this.state);
    return id;
  }

  find(certificateId: string) {
    const found = this.certificateState(certificateId);
    if (found === undefined) return undefined;
    return {
      active: found.status === 'ACTIVE',
      // The store's own documents, so that their use is counted and a swapped policy holds at once.
      attachedPolicies: found.policies.flatMap((name) => this.options.policies.documents(name)),
      things: found.things.flatMap(({ name, type }) => {
        const attached = this.thing(name);
        if (attached === undefined) return [];
        const { attributes, thingTypeName } = attached;
        return [
          { name, attributes, principalType: type, ...(thingTypeName === undefined ? {} : { type: thingTypeName }) },
        ];
      }),
    };
  }

  thing(thingName: string) {
    const found = this.state.things.find((one) => one.thingName === thingName);
    if (found === undefined) return undefined;
    const { thingTypeName, ...rest } = found;
    return { ...rest, version: 1, ...(thingTypeName === undefined ? {} : { thingTypeName }) };
  }

  certificate(certificateId: string) {
    const found = this.certificateState(certificateId);
    if (found === undefined) return undefined;
    const { id, pem, status, createdAt } = found;
    return { certificateId: id, certificateArn: this.arnOf(id), certificatePem: pem, status, createdAt };
  }

  principalsOf(thingName: string): readonly ThingPrincipal[] {
    return this.state.certificates.flatMap(({ id, things }) =>
      things.filter(({ name }) => name === thingName).map(({ type }) => ({ principal: this.arnOf(id), type })),
    );
  }

  thingsOf(principal: string): readonly string[] {
    return (this.certificateState(idOf(principal))?.things ?? []).map(({ name }) => name);
  }

  attach(thingName: string, { principal, type }: ThingPrincipal): void {
    this.detach(thingName, principal);
    this.certificateState(idOf(principal))?.things.push({ name: thingName, type });
    this.keep(this.state);
  }

  detach(thingName: string, principal: string): void {
    const found = this.certificateState(idOf(principal));
    if (found !== undefined) found.things = found.things.filter(({ name }) => name !== thingName);
    this.keep(this.state);
  }

  setCertificateStatus(certificateId: string, status: CertificateStatus): void {
    const found = this.certificateState(certificateId);
    if (found !== undefined) found.status = status;
    this.keep(this.state);
  }

  endpointAddress(): string {
    return this.options.endpoint;
  }

  private certificateState(id: string) {
    return this.state.certificates.find((one) => one.id === id);
  }

  private arnOf(certificateId: string): string {
    const { region, account } = this.options.place;
    return `arn:aws:iot:${region}:${account}:cert/${certificateId}`;
  }
}

function idOf(principal: string): string {
  return principal.slice(principal.lastIndexOf('/') + 1);
}

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { AwsError } from '../aws-endpoint/aws-error.ts';
import { jsonFile } from '../aws-endpoint/json-file.ts';
import type { CertificateStatus, ThingPrincipal, ThingRegistry } from '../aws-endpoint/services/iot-control.ts';
import type { FleetRegistry } from '../aws-endpoint/services/iot-fleet.ts';
import type { Authority } from '../ca/authority.ts';
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
  status: z.enum(['ACTIVE', 'INACTIVE', 'REVOKED', 'PENDING_ACTIVATION']),
  createdAt: z.number(),
  policies: z.array(z.string()),
  things: z.array(z.object({ name: z.string(), type: principalType })),
});
const group = z.object({ name: z.string(), things: z.array(z.string()), policies: z.array(z.string()) });
const state = z.object({
  things: z.array(thing),
  certificates: z.array(certificate),
  groups: z.array(group).default([]),
});

export interface DeviceRegistryOptions {
  readonly place: Place;
  readonly policies: PolicyStore;
  /** Signs the certificates that are asked for by CSR. */
  readonly authority: Pick<Authority, 'signCsr'>;
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
export class DeviceRegistry implements ThingRegistry, FleetRegistry, CertificateRegistry {
  private readonly state: z.output<typeof state>;
  private readonly options: DeviceRegistryOptions;
  private readonly keep: (value: z.output<typeof state>) => void;

  constructor(options: DeviceRegistryOptions) {
    this.options = options;
    const file = jsonFile(options.file, (value) => state.parse(value));
    this.state = file.read() ?? { things: [], certificates: [], groups: [] };
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
      attachedPolicies: found.policies.flatMap((name) => this.documents(name)),
      things: found.things.flatMap(({ name, type }) => {
        const attached = this.thing(name);
        if (attached === undefined) return [];
        const { attributes, thingTypeName } = attached;
        const groups = this.state.groups.filter(({ things }) => things.includes(name));
        const groupPolicies = groups.flatMap(({ policies }) => policies).flatMap((one) => this.documents(one));
        const typed = thingTypeName === undefined ? {} : { type: thingTypeName };
        return [{ name, attributes, principalType: type, groupPolicies, ...typed }];
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

  createThing(wanted: Parameters<FleetRegistry['createThing']>[0]) {
    const { thingName, thingTypeName, attributes } = wanted;
    const found = this.thing(thingName);
    const same = found?.thingTypeName === thingTypeName && isDeepStrictEqual(found?.attributes, attributes);
    if (found !== undefined && !same)
      throw new AwsError('ResourceAlreadyExistsException', `Thing ${thingName} already exists with other tags`, 409);
    if (found !== undefined) return { thingName, thingId: found.thingId };
    const thingId = randomUUID();
    const typed = thingTypeName === undefined ? {} : { thingTypeName };
    this.state.things.push({ thingName, thingId, attributes: { ...attributes }, ...typed });
    this.keep(this.state);
    return { thingName, thingId };
  }

  async certify(request: string, status: CertificateStatus) {
    const pem = await this.options.authority.signCsr(request).catch(() => {
      throw new AwsError('InvalidRequestException', 'the certificate signing request is not valid', 400);
    });
    const id = certificateIdOf(pem);
    this.state.certificates.push({ id, pem, status, createdAt: Date.now(), policies: [], things: [] });
    this.keep(this.state);
    return { id, pem };
  }

  attachPolicy(policyName: string, target: string): void {
    if (this.options.policies.policies(policyName) === undefined) throw missing(`Policy ${policyName}`);
    const holder = this.holderOf(target);
    if (!holder.policies.includes(policyName)) holder.policies.push(policyName);
    this.keep(this.state);
  }

  detachPolicy(policyName: string, target: string): void {
    const holder = this.holderOf(target);
    holder.policies = holder.policies.filter((one) => one !== policyName);
    this.keep(this.state);
  }

  policiesOf(target: string): readonly string[] {
    return this.holderOf(target).policies;
  }

  createGroup(name: string): void {
    if (!this.hasGroup(name)) this.state.groups.push({ name, things: [], policies: [] });
    this.keep(this.state);
  }

  hasGroup(name: string): boolean {
    return this.state.groups.some((one) => one.name === name);
  }

  addToGroup(groupName: string, thingName: string): void {
    const found = this.groupState(groupName);
    if (this.thing(thingName) === undefined) throw missing(`Thing ${thingName}`);
    if (!found.things.includes(thingName)) found.things.push(thingName);
    this.keep(this.state);
  }

  thingsInGroup(groupName: string): readonly string[] {
    return this.groupState(groupName).things;
  }

  endpointAddress(): string {
    return this.options.endpoint;
  }

  /** The store's own documents, so that their use is counted and a swapped policy holds at once. */
  private documents(policyName: string) {
    return this.options.policies.documents(policyName);
  }

  private groupState(name: string) {
    const found = this.state.groups.find((one) => one.name === name);
    if (found === undefined) throw missing(`Thing group ${name}`);
    return found;
  }

  /** What can have policies: a certificate or a thing group. */
  private holderOf(target: string): { policies: string[] } {
    const groupName = /:thinggroup\/(.+)$/.exec(target)?.[1];
    const found = groupName === undefined ? this.certificateState(idOf(target)) : this.groupState(groupName);
    if (found === undefined) throw missing('The certificate');
    return found;
  }

  private certificateState(id: string) {
    return this.state.certificates.find((one) => one.id === id);
  }

  private arnOf(certificateId: string): string {
    const { region, account } = this.options.place;
    return `arn:aws:iot:${region}:${account}:cert/${certificateId}`;
  }
}

const missing = (what: string) => new AwsError('ResourceNotFoundException', `${what} not found`, 404);

function idOf(principal: string): string {
  return principal.slice(principal.lastIndexOf('/') + 1);
}

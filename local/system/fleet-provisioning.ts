import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-endpoint/aws-error.ts';
import type { ProvisioningTemplateSpec } from '../cloudformation/cloud.ts';
import type { Place } from '../cloudformation/place.ts';
import { contextOf } from '../iam/condition-context.ts';
import type { PolicySystem } from '../iam/policy-system.ts';
import type { ReservedAnswer, ReservedRequest, ReservedTopics } from '../iot/reserved-topics.ts';
import type { DeviceRegistry } from './device-registry.ts';
import { type ProvisioningTemplate, parseTemplateBody } from './provisioning-template.ts';
import type { ServiceInvoker } from './service-invoker.ts';

export interface FleetProvisioningOptions {
  readonly place: Place;
  readonly devices: DeviceRegistry;
  readonly policies: PolicySystem;
  readonly invoker: ServiceInvoker;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const createFromCsr = '$aws/certificates/create-from-csr/json';
const provision = /^\$aws\/provisioning-templates\/([^/]+)\/provision\/json$/;
/** AWS: the ownership token expires after one hour. */
const tokenMilliseconds = 3_600_000;

const csrRequest = z.object({ certificateSigningRequest: z.string().min(1) });
const registration = z.object({
  certificateOwnershipToken: z.string(),
  parameters: z.record(z.string(), z.string()).default({}),
});
const hookAnswer = z.object({
  allowProvisioning: z.literal(true),
  parameterOverrides: z.record(z.string(), z.string()).default({}),
});

/** AWS IoT's fleet provisioning ("Device provisioning MQTT API"), in JSON, by CSR. */
export class FleetProvisioning implements ReservedTopics {
  private readonly templates = new Map<string, ProvisioningTemplateSpec & { readonly parsed: ProvisioningTemplate }>();
  private readonly tokens = new Map<string, { readonly certificate: string; readonly endsAt: number }>();
  private readonly options: FleetProvisioningOptions;

  constructor(options: FleetProvisioningOptions) {
    this.options = options;
  }

  /** Throws for a template beyond what is interpreted here. */
  add(template: ProvisioningTemplateSpec): void {
    this.templates.set(template.name, { ...template, parsed: parseTemplateBody(template.body) });
  }

  serves(topic: string): boolean {
    return topic === createFromCsr || provision.test(topic);
  }

  async answer(request: ReservedRequest): Promise<ReservedAnswer> {
    const { topic } = request;
    const say = (outcome: string, body: object) => ({
      topic: `${topic}/${outcome}`,
      payload: Buffer.from(JSON.stringify(body)),
    });
    try {
      const template = provision.exec(topic)?.[1];
      const done = template === undefined ? this.certify(request) : this.register(template, request);
      return say('accepted', await done);
    } catch (error) {
      const known = error instanceof AwsError ? error : new AwsError('InternalError', 'it failed here', 500);
      return say('rejected', { statusCode: known.status, errorCode: known.code, errorMessage: known.message });
    }
  }

  private async certify({ payload }: ReservedRequest): Promise<object> {
    const { certificateSigningRequest } = read(csrRequest, payload);
    const { id, pem } = await this.options.devices.certify(certificateSigningRequest, 'PENDING_ACTIVATION');
    const token = randomUUID();
    this.tokens.set(token, { certificate: id, endsAt: this.now() + tokenMilliseconds });
    return { certificateId: id, certificatePem: pem, certificateOwnershipToken: token };
  }

  private async register(name: string, { payload, clientId, principal = '' }: ReservedRequest): Promise<object> {
    const template = this.templates.get(name);
    const { certificateOwnershipToken, parameters } = read(registration, payload);
    const owned = this.tokens.get(certificateOwnershipToken);
    if (template?.enabled !== true || owned === undefined || this.now() >= owned.endsAt)
      throw new AwsError('InvalidCertificateOwnershipToken', 'no such template, or the token is not valid', 400);
    const { certificate } = owned;
    const overrides = await this.ask(template, { clientId, claim: principal, certificate, parameters });
    const things = template.parsed({ ...parameters, ...overrides, 'AWS::IoT::Certificate::Id': certificate });
    this.make(template.roleArn, certificate, things);
    return { thingName: things.thingName, deviceConfiguration: {} };
  }

  /** Anything but a yes is a no. */
  private async ask(
    { arn, hookArn }: ProvisioningTemplateSpec,
    asked: { clientId: string; claim: string; certificate: string; parameters: Readonly<Record<string, string>> },
  ): Promise<Readonly<Record<string, string>>> {
    if (hookArn === undefined) return {};
    const payload = JSON.stringify({
      claimCertificateId: asked.claim,
      certificateId: asked.certificate,
      certificatePem: this.options.devices.certificate(asked.certificate)?.certificatePem,
      templateArn: arn,
      clientId: asked.clientId,
      parameters: asked.parameters,
    });
    const outcome = await this.options.invoker.invoke('iot.amazonaws.com', hookArn, { payload, sourceArn: arn });
    const answer = outcome.kind === 'answer' ? hookAnswer.safeParse(JSON.parse(outcome.payload)) : undefined;
    if (answer?.success !== true) throw new AwsError('AccessDenied', 'Access Denied: the hook did not admit it', 403);
    return answer.data.parameterOverrides;
  }

  /** In the name of the template's role, which must be allowed each step. */
  private make(roleArn: string, certificate: string, what: ReturnType<ProvisioningTemplate>): void {
    const { devices, policies, place } = this.options;
    const { thingName, thingTypeName, attributes, policyNames } = what;
    const arn = (resource: string) => `arn:aws:iot:${place.region}:${place.account}:${resource}`;
    const caller = policies.principals.callerOf(roleArn, 'provisioning');
    const require = (action: string, resource: string) => {
      const request = { action: `iot:${action}`, resource, context: contextOf({}) };
      if (!policies.authorizer.decide(caller, request).allowed)
        throw new AwsError('AccessDenied', `the template's role may not ${action}`, 403);
    };
    const certificateArn = arn(`cert/${certificate}`);
    require('DescribeThing', arn(`thing/${thingName}`));
    if (devices.thing(thingName) === undefined) {
      if (thingTypeName !== undefined) require('DescribeThingType', arn(`thingtype/${thingTypeName}`));
      require('CreateThing', arn(`thing/${thingName}`));
      devices.createThing({ thingName, thingTypeName, attributes });
    }
    for (const policyName of policyNames) {
      require('GetPolicy', arn(`policy/${policyName}`));
      require('AttachPolicy', certificateArn);
      devices.attachPolicy(policyName, certificateArn);
    }
    require('AttachThingPrincipal', certificateArn);
    devices.attach(thingName, { principal: certificateArn, type: 'NON_EXCLUSIVE_THING' });
    require('UpdateCertificate', certificateArn);
    devices.setCertificateStatus(certificate, 'ACTIVE');
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

function read<Schema extends z.ZodType>(schema: Schema, payload: Buffer): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(payload.toString('utf8')));
  } catch {
    throw new AwsError('InvalidPayload', 'the payload is not what this topic takes', 400);
  }
}

import { z } from 'zod';
import { contextOf } from '../../iam/condition-context.ts';
import { AwsError } from '../aws-error.ts';
import { decode, jsonBody } from '../aws-request.ts';
import { arnIn, type Place, type ServiceCall } from '../service.ts';

/** What makes things, certificates and groups, and gives them policies. Throws an `AwsError` for what is not there. */
export interface FleetRegistry {
  /** Creates the thing, or finds it if it is the same. */
  createThing(thing: {
    readonly thingName: string;
    readonly thingTypeName?: string | undefined;
    readonly attributes: Readonly<Record<string, string>>;
  }): { readonly thingName: string; readonly thingId: string };
  /** Signs a request; the key stays where it is. @returns the certificate's id */
  certify(request: string, status: 'ACTIVE' | 'INACTIVE'): Promise<{ readonly id: string; readonly pem: string }>;
  /** @param target ARN of a certificate or a thing group */
  attachPolicy(policyName: string, target: string): void;
  detachPolicy(policyName: string, target: string): void;
  policiesOf(target: string): readonly string[];
  createGroup(groupName: string): void;
  hasGroup(groupName: string): boolean;
  addToGroup(groupName: string, thingName: string): void;
  thingsInGroup(groupName: string): readonly string[];
}

type Answer = Readonly<Record<string, unknown>>;
interface Context {
  readonly call: ServiceCall;
  readonly fleet: FleetRegistry;
  readonly place: Place;
  /** What the path names. */
  readonly id: string;
}
interface FleetOperation {
  readonly name: string;
  work(): Answer | Promise<Answer>;
}
type Begin = (context: Context) => FleetOperation['work'];

const thingName = z.string().regex(/^[a-zA-Z0-9:_-]{1,128}$/);
const newThing = z.object({
  thingTypeName: z.string().optional(),
  attributePayload: z.object({ attributes: z.record(z.string(), z.string()).optional() }).optional(),
});
const arn = (place: Place, resource: string) => arnIn(place, 'iot', resource);

const createThing: Begin = ({ call, fleet, place, id }) => {
  call.require('iot:CreateThing', arn(place, `thing/${id}`));
  const { thingTypeName, attributePayload } = read(newThing, jsonBody(call.request));
  const thing = { thingName: read(thingName, id), thingTypeName, attributes: attributePayload?.attributes ?? {} };
  return () => ({ ...fleet.createThing(thing), thingArn: arn(place, `thing/${id}`) });
};

const createCertificateFromCsr: Begin = ({ call, fleet, place }) => {
  call.require('iot:CreateCertificateFromCsr', '*');
  const { certificateSigningRequest } = read(
    z.object({ certificateSigningRequest: z.string() }),
    jsonBody(call.request),
  );
  const status = call.request.query.setAsActive === 'true' ? 'ACTIVE' : 'INACTIVE';
  return async () => {
    const { id, pem } = await fleet.certify(certificateSigningRequest, status);
    return { certificateArn: arn(place, `cert/${id}`), certificateId: id, certificatePem: pem };
  };
};

const targetBody = z.object({ target: z.string() });

const attachPolicy: Begin = ({ call, fleet, id }) => {
  const { target } = read(targetBody, jsonBody(call.request));
  call.require('iot:AttachPolicy', target);
  return done(() => fleet.attachPolicy(id, target));
};

const detachPolicy: Begin = ({ call, fleet, id }) => {
  const { target } = read(targetBody, jsonBody(call.request));
  call.require('iot:DetachPolicy', target);
  return done(() => fleet.detachPolicy(id, target));
};

const listAttachedPolicies: Begin = ({ call, fleet, place, id: target }) => {
  // AWS's table of actions names no resource for it.
  call.require('iot:ListAttachedPolicies', '*');
  return () => ({
    policies: fleet
      .policiesOf(target)
      .map((policyName) => ({ policyName, policyArn: arn(place, `policy/${policyName}`) })),
  });
};

const createThingGroup: Begin = ({ call, fleet, place, id }) => {
  call.require('iot:CreateThingGroup', arn(place, `thinggroup/${id}`));
  return () => {
    fleet.createGroup(read(thingName, id));
    return { thingGroupName: id, thingGroupArn: arn(place, `thinggroup/${id}`), thingGroupId: id };
  };
};

const describeThingGroup: Begin = ({ call, fleet, place, id }) => {
  call.require('iot:DescribeThingGroup', arn(place, `thinggroup/${id}`));
  return () => {
    if (!fleet.hasGroup(id)) throw new AwsError('ResourceNotFoundException', `Thing group ${id} not found`, 404);
    return { thingGroupName: id, thingGroupArn: arn(place, `thinggroup/${id}`), thingGroupId: id, version: 1 };
  };
};

const addThingToThingGroup: Begin = ({ call, fleet, place }) => {
  const body = z.object({ thingGroupName: z.string(), thingName: z.string() });
  const asked = read(body, jsonBody(call.request));
  const groupArn = arn(place, `thinggroup/${asked.thingGroupName}`);
  call.require('iot:AddThingToThingGroup', groupArn);
  call.require('iot:AddThingToThingGroup', arn(place, `thing/${asked.thingName}`), contextOf({}));
  return done(() => fleet.addToGroup(asked.thingGroupName, asked.thingName));
};

/** In pages, as AWS answers: whoever asks once only sees the beginning. */
const listThingsInThingGroup: Begin = ({ call, fleet, place, id }) => {
  call.require('iot:ListThingsInThingGroup', arn(place, `thinggroup/${id}`));
  const { maxResults = '25', nextToken = '0' } = call.request.query;
  const [from, count] = [Number(nextToken), Math.min(Number(maxResults), 250)];
  return () => {
    const all = fleet.thingsInGroup(id);
    const things = all.slice(from, from + count);
    return { things, ...(from + count < all.length ? { nextToken: String(from + count) } : {}) };
  };
};

const OPERATIONS: readonly (readonly [method: string, path: RegExp, name: string, begin: Begin])[] = [
  ['POST', /^\/things\/([^/]+)$/, 'CreateThing', createThing],
  ['POST', /^\/certificates$/, 'CreateCertificateFromCsr', createCertificateFromCsr],
  ['PUT', /^\/target-policies\/([^/]+)$/, 'AttachPolicy', attachPolicy],
  ['POST', /^\/target-policies\/([^/]+)$/, 'DetachPolicy', detachPolicy],
  ['POST', /^\/attached-policies\/([^/]+)$/, 'ListAttachedPolicies', listAttachedPolicies],
  ['PUT', /^\/thing-groups\/addThingToThingGroup$/, 'AddThingToThingGroup', addThingToThingGroup],
  ['POST', /^\/thing-groups\/([^/]+)$/, 'CreateThingGroup', createThingGroup],
  ['GET', /^\/thing-groups\/([^/]+)$/, 'DescribeThingGroup', describeThingGroup],
  ['GET', /^\/thing-groups\/([^/]+)\/things$/, 'ListThingsInThingGroup', listThingsInThingGroup],
];

/** Asks for the permission; returns what is to be done. Undefined when the request is none of these. */
export function fleetOperation(fleet: FleetRegistry, place: Place, call: ServiceCall): FleetOperation | undefined {
  for (const [method, path, name, begin] of OPERATIONS) {
    const match = method === call.request.method ? path.exec(call.request.path) : null;
    if (match !== null) return { name, work: begin({ call, fleet, place, id: decode(match[1] ?? '') }) };
  }
  return undefined;
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AwsError('InvalidRequestException', result.error.issues[0]?.message ?? 'not valid', 400);
}

/** A call that answers nothing but that it was done. */
const done =
  (work: () => void): FleetOperation['work'] =>
  () => {
    work();
    return {};
  };

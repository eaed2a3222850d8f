import { contextOf } from '../../iam/condition-context.ts';
import { AwsError } from '../aws-error.ts';
import { type AwsRequest, decode } from '../aws-request.ts';
import { jsonReply } from '../reply.ts';
import { type AwsService, arnIn, type Place, type ServiceCall } from '../service.ts';
import { type FleetRegistry, fleetOperation } from './iot-fleet.ts';

export type ThingPrincipalType = 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';
export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_ACTIVATION';

export interface ThingDescription {
  readonly thingName: string;
  readonly thingId: string;
  readonly thingTypeName?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly version: number;
}

export interface CertificateDescription {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly certificatePem: string;
  readonly status: CertificateStatus;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface ThingPrincipal {
  /** The certificate's ARN. */
  readonly principal: string;
  readonly type: ThingPrincipalType;
}

/** The device registry, as far as it is read and changed through the AWS IoT API. */
export interface ThingRegistry {
  thing(thingName: string): ThingDescription | undefined;
  certificate(certificateId: string): CertificateDescription | undefined;
  principalsOf(thingName: string): readonly ThingPrincipal[];
  thingsOf(principal: string): readonly string[];
  attach(thingName: string, principal: ThingPrincipal): void;
  detach(thingName: string, principal: string): void;
  setCertificateStatus(certificateId: string, status: CertificateStatus): void;
  /** Host name of `iot:Data-ATS`. */
  endpointAddress(): string;
}

export interface IotControlOptions {
  readonly place: Place;
  readonly registry: ThingRegistry;
  /** Makes things and gives them policies. Without it, these calls are not offered. */
  readonly fleet?: FleetRegistry | undefined;
  /** Told of each call that changed what a certificate is good for, with its parameters as CloudTrail names them. */
  readonly onChange?: ((operation: string, parameters: Readonly<Record<string, string>>) => void) | undefined;
}

type Answer = Readonly<Record<string, unknown>>;

/** AWS IoT's control plane (REST-JSON): what adopting and revoking devices needs. */
export function iotControlService({ place, registry, fleet, onChange }: IotControlOptions): AwsService {
  const thingArn = (name: string) => arnIn(place, 'iot', `thing/${name}`);
  const certificateArn = (id: string) => arnIn(place, 'iot', `cert/${id}`);
  return {
    signingName: 'iot',
    protocol: 'rest-json',
    handle: (call) => {
      const making = fleet === undefined ? undefined : fleetOperation(fleet, place, call);
      if (making !== undefined)
        return call.perform(making.name, async () => jsonReply('rest-json', await making.work()));
      const operation = operationOf(call.request);
      const work = authorised(operation, call);
      return call.perform(operation.name, () => jsonReply('rest-json', work()));
    },
  };

  /** Asks for the permission; returns what is to be done. */
  function authorised({ name, id }: Operation, { request, require }: ServiceCall): () => Answer {
    const principal = request.headers['x-amzn-principal'] ?? '';
    const principalType = typeOf(request.query.thingPrincipalType);
    switch (name) {
      case 'DescribeEndpoint':
        require('iot:DescribeEndpoint', '*');
        return () => ({ endpointAddress: endpoint(request.query.endpointType) });
      case 'DescribeThing':
        require('iot:DescribeThing', thingArn(id));
        return () => ({ ...thing(id), thingArn: thingArn(id), defaultClientId: id });
      case 'ListThingPrincipals':
        require('iot:ListThingPrincipals', thingArn(id));
        return () => ({ principals: registry.principalsOf(thing(id).thingName).map((one) => one.principal) });
      case 'ListThingPrincipalsV2':
        require('iot:ListThingPrincipalsV2', thingArn(id));
        return () => ({
          thingPrincipalObjects: registry
            .principalsOf(thing(id).thingName)
            .map((one) => ({ principal: one.principal, thingPrincipalType: one.type })),
        });
      case 'ListPrincipalThings':
        require('iot:ListPrincipalThings', principal);
        return () => ({ things: registry.thingsOf(principal) });
      case 'AttachThingPrincipal':
        require('iot:AttachThingPrincipal', principal, contextOf({ 'iot:ThingArn': thingArn(id) }));
        return () => attach(id, principal, principalType);
      case 'DetachThingPrincipal':
        require('iot:DetachThingPrincipal', principal, contextOf({ 'iot:ThingArn': thingArn(id) }));
        return () => {
          registry.detach(thing(id).thingName, principal);
          onChange?.(name, { thingName: id, principal });
          return {};
        };
      case 'DescribeCertificate':
        require('iot:DescribeCertificate', certificateArn(id));
        return () => ({ certificateDescription: certificateAnswer(certificate(id)) });
      case 'UpdateCertificate':
        require('iot:UpdateCertificate', certificateArn(id));
        return () => {
          const newStatus = statusOf(request.query.newStatus);
          registry.setCertificateStatus(certificate(id).certificateId, newStatus);
          onChange?.(name, { certificateId: id, newStatus });
          return {};
        };
    }
  }

  function thing(name: string): ThingDescription {
    return registry.thing(name) ?? missing(`Thing ${name} not found`);
  }

  function certificate(id: string): CertificateDescription {
    return registry.certificate(id) ?? missing('The certificate given does not exist');
  }

  /** An exclusive certificate belongs to one thing; it can neither join a second nor be one of several. */
  function attach(thingName: string, principal: string, type: ThingPrincipalType): Answer {
    certificate(principal.slice(principal.lastIndexOf('/') + 1));
    const others = registry.thingsOf(principal).filter((name) => name !== thing(thingName).thingName);
    const exclusive = others.some((name) =>
      registry.principalsOf(name).some((one) => one.principal === principal && one.type === 'EXCLUSIVE_THING'),
    );
    if (exclusive || (type === 'EXCLUSIVE_THING' && others.length > 0))
      throw new AwsError('InvalidRequestException', 'The principal is attached to another thing exclusively.', 400);
    registry.attach(thingName, { principal, type });
    return {};
  }

  function endpoint(type: string | undefined): string {
    if (type === 'iot:Data-ATS') return registry.endpointAddress();
    throw new AwsError('InvalidRequestException', 'only the endpoint type iot:Data-ATS is offered here', 400);
  }
}

type OperationName =
  | 'AttachThingPrincipal'
  | 'DescribeCertificate'
  | 'DescribeEndpoint'
  | 'DescribeThing'
  | 'DetachThingPrincipal'
  | 'ListPrincipalThings'
  | 'ListThingPrincipals'
  | 'ListThingPrincipalsV2'
  | 'UpdateCertificate';

interface Operation {
  readonly name: OperationName;
  /** The thing's name or the certificate's id in the path. */
  readonly id: string;
}

const ROUTES: readonly (readonly [string, RegExp, OperationName])[] = [
  ['GET', /^\/endpoint$/, 'DescribeEndpoint'],
  ['GET', /^\/principals\/things$/, 'ListPrincipalThings'],
  ['GET', /^\/things\/([^/]+)$/, 'DescribeThing'],
  ['GET', /^\/things\/([^/]+)\/principals$/, 'ListThingPrincipals'],
  ['GET', /^\/things\/([^/]+)\/principals-v2$/, 'ListThingPrincipalsV2'],
  ['PUT', /^\/things\/([^/]+)\/principals$/, 'AttachThingPrincipal'],
  ['DELETE', /^\/things\/([^/]+)\/principals$/, 'DetachThingPrincipal'],
  ['GET', /^\/certificates\/([^/]+)$/, 'DescribeCertificate'],
  ['PUT', /^\/certificates\/([^/]+)$/, 'UpdateCertificate'],
];

function operationOf({ method, path }: AwsRequest): Operation {
  for (const [wanted, pattern, name] of ROUTES) {
    const match = wanted === method ? pattern.exec(path) : null;
    if (match) return { name, id: decode(match[1] ?? '') };
  }
  throw new AwsError('UnknownOperationException', 'the operation is not offered here', 404);
}

function typeOf(value: string | undefined): ThingPrincipalType {
  if (value === undefined || value === 'NON_EXCLUSIVE_THING') return 'NON_EXCLUSIVE_THING';
  if (value === 'EXCLUSIVE_THING') return value;
  throw new AwsError('InvalidRequestException', 'the thing principal type is not known', 400);
}

function statusOf(value: string | undefined): CertificateStatus {
  if (value === 'ACTIVE' || value === 'INACTIVE' || value === 'REVOKED') return value;
  throw new AwsError('InvalidRequestException', 'the certificate status is not known', 400);
}

function certificateAnswer({ createdAt, ...rest }: CertificateDescription): Answer {
  return { ...rest, creationDate: createdAt / 1000, lastModifiedDate: createdAt / 1000 };
}

function missing(message: string): never {
  throw new AwsError('ResourceNotFoundException', message, 404);
}

import type { AwsService, Place } from './service.ts';
import { type DynamoDbHandler, dynamoDbService } from './services/dynamodb.ts';
import type { TableLookup } from './services/dynamodb-permission.ts';
import { iotControlService, type ThingRegistry } from './services/iot-control.ts';
import { type IotDataHandler, iotDataService } from './services/iot-data.ts';
import type { FleetRegistry } from './services/iot-fleet.ts';
import { KeyRing } from './services/key-ring.ts';
import { kmsService } from './services/kms.ts';
import { type LambdaHandler, lambdaService } from './services/lambda.ts';
import type { SecretStore } from './services/secret-store.ts';
import { secretsManagerService } from './services/secrets-manager.ts';
import { type StsOptions, stsService } from './services/sts.ts';

/** What stands behind each service. A service without it is not offered. */
export interface ServiceParts {
  readonly dynamodb?: DynamoDbHandler;
  /** What the endpoint must know of each DynamoDB table. */
  readonly tables?: TableLookup;
  readonly iotData?: IotDataHandler;
  readonly things?: ThingRegistry;
  readonly fleet?: FleetRegistry;
  /** Told of changes of certificates. */
  readonly onIotChange?: (operation: string, parameters: Readonly<Record<string, string>>) => void;
  readonly lambda?: LambdaHandler;
  readonly secrets?: SecretStore;
  readonly keys?: KeyRing;
  /** Services of the caller's own making. */
  readonly services?: readonly AwsService[];
}

/** The services on offer, by signing name. */
export function servicesOf(
  parts: ServiceParts,
  place: Place,
  assume: StsOptions['assume'],
): ReadonlyMap<string, AwsService> {
  const { dynamodb, tables = () => undefined, iotData, things, lambda, secrets, keys = new KeyRing() } = parts;
  const services = [
    ...(dynamodb ? [dynamoDbService({ place, handler: dynamodb, tables })] : []),
    ...(iotData ? [iotDataService(iotData)] : []),
    ...(things
      ? [iotControlService({ place, registry: things, fleet: parts.fleet, onChange: parts.onIotChange })]
      : []),
    ...(lambda ? [lambdaService(place, lambda)] : []),
    ...(secrets ? [secretsManagerService({ place, secrets, keys })] : []),
    kmsService({ place, keys }),
    stsService({ place, assume }),
    ...(parts.services ?? []),
  ];
  return new Map(services.map((service) => [service.signingName, service]));
}

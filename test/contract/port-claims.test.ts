import { createDynamoPortClaims } from '../../adapters/dynamodb/port-claims.ts';
import { createMemoryPortClaims } from '../../adapters/memory/port-claims.ts';
import { onEachAdapter } from './each-adapter.ts';
import { portClaimsContract } from './port-claims.contract.ts';

onEachAdapter(
  'portClaims',
  { memory: () => createMemoryPortClaims(), dynamodb: createDynamoPortClaims },
  portClaimsContract,
);

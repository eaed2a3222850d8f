import { createDynamoOperatorKeys } from '../../adapters/dynamodb/operator-keys.ts';
import { createMemoryOperatorKeys } from '../../adapters/memory/operator-keys.ts';
import { onEachAdapter } from './each-adapter.ts';
import { operatorKeysContract } from './operator-keys.contract.ts';

onEachAdapter(
  'operatorKeys',
  { memory: createMemoryOperatorKeys, dynamodb: createDynamoOperatorKeys },
  operatorKeysContract,
);

import { createDynamoGrants } from '../../adapters/dynamodb/grants.ts';
import { createMemoryGrants } from '../../adapters/memory/grants.ts';
import { onEachAdapter } from './each-adapter.ts';
import { grantsContract } from './grants.contract.ts';

onEachAdapter('grants', { memory: createMemoryGrants, dynamodb: createDynamoGrants }, grantsContract);

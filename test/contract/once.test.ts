import { createDynamoOnce } from '../../adapters/dynamodb/once.ts';
import { createMemoryOnce } from '../../adapters/memory/once.ts';
import { onEachAdapter } from './each-adapter.ts';
import { onceContract } from './once.contract.ts';

onEachAdapter('once', { memory: createMemoryOnce, dynamodb: createDynamoOnce }, onceContract);

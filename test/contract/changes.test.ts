import { createDynamoChanges } from '../../adapters/dynamodb/changes.ts';
import { createMemoryChanges } from '../../adapters/memory/changes.ts';
import { changesContract } from './changes.contract.ts';
import { onEachAdapter } from './each-adapter.ts';

onEachAdapter('changes', { memory: createMemoryChanges, dynamodb: createDynamoChanges }, changesContract);

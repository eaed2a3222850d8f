import { createDynamoRelays } from '../../adapters/dynamodb/relays.ts';
import { createMemoryRelays } from '../../adapters/memory/relays.ts';
import { noon } from '../support/rows.ts';
import { onEachAdapter } from './each-adapter.ts';
import { relaysContract } from './relays.contract.ts';

const clock = { now: () => noon, monotonic: () => 0 };

onEachAdapter(
  'relays',
  { memory: createMemoryRelays, dynamodb: (options) => createDynamoRelays({ ...options, clock }) },
  relaysContract,
);

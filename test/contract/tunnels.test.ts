import { createDynamoTunnels } from '../../adapters/dynamodb/tunnels.ts';
import { createMemoryTunnels } from '../../adapters/memory/tunnels.ts';
import { onEachAdapter } from './each-adapter.ts';
import { tunnelListsContract } from './tunnel-lists.contract.ts';
import { tunnelsContract } from './tunnels.contract.ts';

onEachAdapter('tunnels', { memory: () => createMemoryTunnels(), dynamodb: createDynamoTunnels }, (open) => {
  tunnelsContract(open);
  tunnelListsContract(open);
});

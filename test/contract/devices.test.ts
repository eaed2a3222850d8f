import { createDynamoDevices } from '../../adapters/dynamodb/devices.ts';
import { createMemoryDevices } from '../../adapters/memory/devices.ts';
import { deviceListsContract } from './device-lists.contract.ts';
import { devicesContract } from './devices.contract.ts';
import { onEachAdapter } from './each-adapter.ts';

onEachAdapter('devices', { memory: createMemoryDevices, dynamodb: createDynamoDevices }, (open) => {
  devicesContract(open);
  deviceListsContract(open);
});

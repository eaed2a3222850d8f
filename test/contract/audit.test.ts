import { createDynamoAuditLog } from '../../adapters/dynamodb/audit-log.ts';
import { createDynamoAuditReader } from '../../adapters/dynamodb/audit-reader.ts';
import { createMemoryAudit } from '../../adapters/memory/audit.ts';
import { auditContract } from './audit.contract.ts';
import { onEachAdapter } from './each-adapter.ts';

onEachAdapter(
  'audit',
  {
    memory: createMemoryAudit,
    dynamodb: (options) => ({ ...createDynamoAuditLog(options), ...createDynamoAuditReader(options) }),
  },
  auditContract,
);

import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { AuditRowChange } from '../core/model/audit-copy.ts';
import type { AuditRecord } from '../core/model/audit-record.ts';
import { type ExportPorts, exportAudit } from '../core/use-cases/export-audit.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;
export type Ports = EdgePorts & ExportPorts & { readonly auditOfImage: (image: Image) => AuditRecord };

/** The change stream of Audit, a batch at a time. What it throws brings the whole batch again. */
export const respond = (ports: Ports, event: DynamoDBStreamEvent): Promise<void> => {
  const changes = event.Records.flatMap(({ dynamodb }): readonly AuditRowChange[] => {
    const before = dynamodb?.OldImage === undefined ? undefined : ports.auditOfImage(dynamodb.OldImage);
    const record = dynamodb?.NewImage === undefined ? undefined : ports.auditOfImage(dynamodb.NewImage);
    if (before === undefined) return record === undefined ? [] : [{ kind: 'added', record }];
    return [record === undefined ? { kind: 'removed', before } : { kind: 'altered', before, after: record }];
  });
  return exportAudit(ports, { position: event.Records[0]?.dynamodb?.SequenceNumber ?? '', changes });
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('audit-export'),
    vault: wiring.auditVault(),
    anchorKeys: wiring.anchorKeys(),
    auditOfImage: wiring.auditOfImage,
  })),
  respond,
);

import type { AuditRecord } from '../../core/model/audit-record.ts';
import { type AuditRow, auditOfRow } from './audit-log.ts';
import { type Image, readImage } from './image.ts';

/** The record of an image of the audit table's change stream, right or forged: it is judged elsewhere. */
export const auditOfImage = (image: Image): AuditRecord => auditOfRow(readImage(image) as unknown as AuditRow);

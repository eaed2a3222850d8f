import { contextOf } from '../../iam/condition-context.ts';
import { AwsError } from '../aws-error.ts';
import { jsonBody, targetOperation } from '../aws-request.ts';
import { jsonReply } from '../reply.ts';
import { type AwsService, arnIn, type Place, type ServiceCall } from '../service.ts';
import { type TableLookup, type TablePermission, tablePermissions } from './dynamodb-permission.ts';

/** What answers DynamoDB's operations. Refusals are answers; the caller's permissions were checked before. */
export interface DynamoDbHandler {
  call(operation: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
}

export interface DynamoDbServiceOptions {
  readonly place: Place;
  readonly handler: DynamoDbHandler;
  readonly tables: TableLookup;
}

/** Amazon DynamoDB (JSON 1.0). */
export function dynamoDbService({ place, handler, tables }: DynamoDbServiceOptions): AwsService {
  return {
    signingName: 'dynamodb',
    protocol: 'json-1.0',
    handle: (call) => {
      const operation = targetOperation(call.request, 'DynamoDB_20120810');
      const body = jsonBody(call.request);
      const permissions = tablePermissions(operation, body, tables);
      for (const permission of permissions) requirePermission(call, permission);
      const work = async () => {
        const answer = await handler.call(operation, body);
        return jsonReply('json-1.0', answer.body, answer.status);
      };
      return call.perform(operation, work, [...new Set(permissions.map(({ table }) => table))]);
    },
  };

  function requirePermission(call: ServiceCall, { action, table, index, data, conditions }: TablePermission): void {
    const facts = tables(table);
    const arn = table === '*' ? '*' : (facts?.arn ?? arnIn(place, 'dynamodb', `table/${table}`));
    const resource = index === undefined ? arn : `${arn}/index/${index}`;
    call.require(action, resource, contextOf(conditions), arn);
    if (!data) return;
    // Without them no leading key is known, and a condition on leading keys would hold (ForAllValues of nothing).
    if (!facts) throw new AwsError('ResourceNotFoundException', 'Requested resource not found', 400);
    if (index !== undefined && !Object.hasOwn(facts.indexes, index))
      throw new AwsError('ValidationException', `The table does not have the specified index: ${index}`, 400);
    if (facts.kmsKeyArn !== undefined) requireKey(call, table, facts.kmsKeyArn);
  }

  /**
   * DynamoDB decrypts the table's own key under the customer managed key with the permissions of whoever reads or
   * writes, and with the table's encryption context. Its other uses of the key (when the table is made) are not ours.
   */
  function requireKey(call: ServiceCall, table: string, keyArn: string): void {
    const context = contextOf({
      'aws:ViaAWSService': 'true',
      'kms:ViaService': `dynamodb.${place.region}.amazonaws.com`,
      'kms:CallerAccount': place.account,
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      'kms:EncryptionContextKeys': ['aws:dynamodb:tableName', 'aws:dynamodb:subscriberId'],
      'kms:EncryptionContext:aws:dynamodb:tableName': table,
      'kms:EncryptionContext:aws:dynamodb:subscriberId': place.account,
    });
    call.require('kms:Decrypt', keyArn, context);
  }
}

import { AccountRootPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { indexes } from '../../core/names.ts';
import type { Foundation } from '../foundation.ts';
import { keyStatement } from '../rights/key-right.ts';
import { index, rows, tableStatement } from '../rights/table-right.ts';
import { HouseRole } from './house-role.ts';

/**
 * Reads the audit records and nothing else, for `npm run audit:verify`. The account's own policies say who may assume it;
 * whoever may write records cannot check them, and the other way round.
 */
export class AuditorRole extends Construct {
  readonly roleArn: string;

  constructor(scope: Construct, id: string, { foundation }: { readonly foundation: Foundation }) {
    super(scope, id);
    const role = new HouseRole(this, 'Role', {
      principal: new AccountRootPrincipal(),
      description: 'Sallyport: verifies the audit records',
      statements: [
        ...[rows('audit', 'Query'), index('audit', indexes.auditByDay)].map((right) =>
          tableStatement(right, foundation),
        ),
        keyStatement(foundation, ['dynamodb']),
      ],
    });
    this.roleArn = role.roleArn;
  }
}

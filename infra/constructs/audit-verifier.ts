import { AccountRootPrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { indexes } from '../../core/names.ts';
import type { Foundation } from '../foundation.ts';
import { keyStatement } from '../rights/key-right.ts';
import { index, rows, tableStatement } from '../rights/table-right.ts';
import { HouseRole } from './house-role.ts';

/**
 * The role of whoever runs `npm run audit:verify`. It reads the audit records whole and nothing else; no function has
 * it. Who of the account may take it, their own IAM policies say.
 */
export class AuditVerifier extends Construct {
  readonly role: IRole;

  constructor(scope: Construct, id: string, { foundation }: { readonly foundation: Foundation }) {
    super(scope, id);
    this.role = new HouseRole(this, 'Role', {
      principal: new AccountRootPrincipal(),
      description: 'Verifies the Sallyport audit log',
      statements: [
        tableStatement(index('audit', indexes.auditByDay), foundation),
        tableStatement(rows('audit', 'Query'), foundation),
        keyStatement(foundation, ['dynamodb']),
      ],
    });
  }
}

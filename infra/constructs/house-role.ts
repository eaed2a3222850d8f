import { PolicyDocument, type PolicyStatement, type PrincipalBase, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A role whose whole policy stands in the template beside it, statement by statement as written. No managed policies,
 * and nothing that a construct adds by itself.
 */
export class HouseRole extends Role {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly principal: PrincipalBase;
      readonly description: string;
      readonly statements: readonly PolicyStatement[];
    },
  ) {
    super(scope, id, {
      assumedBy: options.principal,
      description: options.description,
      inlinePolicies: { Rights: new PolicyDocument({ statements: [...options.statements], minimize: false }) },
    });
  }
}

import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

/** Who is told, by e-mail, and before the month's sum is spent. AWS counts costs a few times a day. */
export class MonthlyBudget extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly name: string;
      readonly monthlyUsd: number;
      readonly email: string;
      /** Counts what carries this tag. A tag counts from the day on which billing is told to look at it. */
      readonly tag: { readonly key: string; readonly value: string };
    },
  ) {
    super(scope, id);
    const { monthlyUsd, email, tag } = options;
    const notice = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'EMAIL', address: email }],
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: options.name,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:${tag.key}$${tag.value}`] },
      },
      notificationsWithSubscribers: [notice('ACTUAL', 80), notice('ACTUAL', 100), notice('FORECASTED', 100)],
    });
  }
}

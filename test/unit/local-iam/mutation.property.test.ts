import fc from 'fast-check';
import { contextOf } from '../../../local/iam/condition-context.ts';
import { decide } from '../../../local/iam/evaluate.ts';
import { mutations } from '../../../local/iam/mutation.ts';
import { parsePolicy } from '../../../local/iam/parse-policy.ts';
import type { PolicyDocument, StatementDocument } from '../../../local/iam/policy-document.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:111122223333:table';
const ACTIONS = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Scan'];
const PATTERNS = [...ACTIONS, 'dynamodb:*Item', 'dynamodb:Get*', 'dynamodb:*', '*'];
const RESOURCES = ['A', 'B', 'A/index/x'].map((name) => `${TABLE}/${name}`);
const RESOURCE_PATTERNS = [...RESOURCES, `${TABLE}/A*`, `${TABLE}/?`, '*'];
const SELECTS = ['COUNT', 'ALL_ATTRIBUTES'];

const statement: fc.Arbitrary<StatementDocument> = fc.record({
  Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
  Action: fc.uniqueArray(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 3 }),
  Resource: fc.uniqueArray(fc.constantFrom(...RESOURCE_PATTERNS), { minLength: 1, maxLength: 2 }),
  Condition: fc.option(fc.record({ StringEquals: fc.record({ 'dynamodb:Select': fc.constantFrom(...SELECTS) }) }), {
    nil: {},
  }),
});
const documents: fc.Arbitrary<readonly PolicyDocument[]> = fc.array(
  fc.record({ Version: fc.constant('2012-10-17'), Statement: fc.array(statement, { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 2 },
);

const requests = ACTIONS.flatMap((action) =>
  RESOURCES.flatMap((resource) =>
    [...SELECTS, undefined].map((select) => ({ action, resource, context: contextOf({ 'dynamodb:Select': select }) })),
  ),
);

function allowedBy(list: readonly PolicyDocument[]): readonly boolean[] {
  const identity = list.map((document) => parsePolicy(document, { owner: 'role', kind: 'identity' }));
  const caller = { kind: 'role', roleArn: 'r', sessionArn: 's', account: '1' } as const;
  return requests.map((request) => decide({ identity, resource: [], mode: 'either' }, request, caller).allowed);
}

test('taking out an action never allows more', () => {
  fc.assert(
    fc.property(documents, (list) => {
      const before = allowedBy(list);
      for (const mutation of mutations(list))
        allowedBy(mutation.documents).forEach((allowed, at) => {
          expect(allowed && !before[at]).toBe(false);
        });
    }),
    { numRuns: 300 },
  );
});

test('without any allowing action left, nothing is allowed', () => {
  fc.assert(
    fc.property(documents, (list) => {
      let rest = list;
      for (let next = [...mutations(rest)][0]; next; next = [...mutations(rest)][0]) rest = next.documents;
      expect(allowedBy(rest)).not.toContain(true);
    }),
    { numRuns: 100 },
  );
});

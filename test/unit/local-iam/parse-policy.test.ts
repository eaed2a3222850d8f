import { parsePolicy } from '../../../local/iam/parse-policy.ts';
import { PolicyError } from '../../../local/iam/policy-error.ts';
import { PolicyStore } from '../../../local/iam/policy-store.ts';
import type { PolicyKind } from '../../../local/iam/statement.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels';
const good = { Sid: 'Read', Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: TABLE };

function problemsOf(document: unknown, kind: PolicyKind = 'identity'): readonly string[] {
  try {
    parsePolicy(document, { owner: 'RelayRole', kind });
    return [];
  } catch (error) {
    if (error instanceof PolicyError) return error.problems;
    throw error;
  }
}

const problemOf = (change: Readonly<Record<string, unknown>>, kind?: PolicyKind) =>
  problemsOf({ Version: '2012-10-17', Statement: { ...good, ...change } }, kind);

describe('what is not known stops the start, with words', () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ Action: 'dynamodb:GetItme' }, 'action "dynamodb:GetItme" is not known'],
    [{ Action: ['dynamodb:GetItem', 'dynamo:GetItem'] }, 'action "dynamo:GetItem" is not known'],
    [{ Action: 'dynamodb:Gte*' }, 'action "dynamodb:Gte*" is not known'],
    [{ Action: 'GetItem' }, 'action "GetItem" is not known'],
    [{ Condition: { StringEqual: { 'dynamodb:Select': 'x' } } }, 'condition operator "StringEqual" is not known'],
    [
      { Condition: { 'ForSomeValues:StringEquals': { 'dynamodb:Select': 'x' } } },
      'condition operator "ForSomeValues:StringEquals" is not known',
    ],
    [{ Condition: { NullIfExists: { 'dynamodb:Select': 'x' } } }, 'condition operator "NullIfExists" is not known'],
    [
      { Condition: { StringEquals: { 'dynamodb:LeadingKey': 'x' } } },
      'condition key "dynamodb:LeadingKey" is not known',
    ],
    [{ Condition: { StringEquals: { 'kms:ViaService': 'x' } } }, 'condition key "kms:ViaService" is not known'],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, 'condition key "aws:SourceIp" is not known'],
    [
      { Condition: { StringEquals: { 'dynamodb:LeadingKeys': 'x' } } },
      'condition key "dynamodb:LeadingKeys" holds a set: StringEquals needs ForAllValues: or ForAnyValue:',
    ],
    [
      { Condition: { StringEquals: { 'dynamodb:Select': [] } } },
      'condition StringEquals on "dynamodb:Select" has no value',
    ],
    [{ Resource: `${TABLE}/\${aws:username}` }, `variable "\${aws:username}" is not known`],
    [{ Resource: { 'Fn::Sub': 'x' } }, 'Resource holds {"Fn::Sub":"x"}, which is not a string'],
    [{ Resource: 'Tunnels' }, 'resource "Tunnels" is not an ARN'],
    [{ Resource: undefined }, 'needs exactly one of Resource and NotResource'],
    [{ NotAction: 'dynamodb:PutItem' }, 'needs exactly one of Action and NotAction'],
    [{ Action: [] }, 'Action is empty'],
    [{ Effect: 'allow' }, 'Effect is neither "Allow" nor "Deny"'],
    [{ Principal: '*' }, 'Principal does not belong here'],
    [{ NotPrincipal: '*' }, '"NotPrincipal" is not known'],
  ])('%j', (change, expected) => {
    expect(problemOf(change)).toEqual([`RelayRole, policy 0, statement 0 (Read): ${expected}`]);
  });

  test('every kind has its own rules', () => {
    expect(problemOf({}, 'resource')).toEqual([expect.stringContaining('Principal is missing')]);
    expect(problemOf({ Action: 'sts:AssumeRole', Principal: '*' }, 'trust')).toEqual([
      expect.stringContaining('a trust policy has no Resource'),
    ]);
    expect(problemOf({ Principal: { CanonicalUser: 'x' } }, 'resource')).toEqual([
      expect.stringContaining('principal type "CanonicalUser" is not known'),
    ]);
    expect(problemOf({}, 'iot')).toEqual([expect.stringContaining('action "dynamodb:GetItem" is not known')]);
  });

  test('a document must be a document', () => {
    expect(problemsOf('{}')).toEqual(['RelayRole, policy 0: the policy is not a JSON object']);
    expect(problemsOf({ Version: '2012-10-17' })).toContain('RelayRole, policy 0: there is no statement');
    expect(problemsOf({ Version: '2013-01-01', Statement: good })).toEqual([
      'RelayRole, policy 0: version "2013-01-01" is not known',
    ]);
    expect(problemsOf({ Version: '2012-10-17', Statements: [good], Statement: [good] })).toEqual([
      'RelayRole, policy 0: "Statements" is not known',
    ]);
    expect(problemsOf({ Version: '2012-10-17', Statement: [good, 'x'] })).toEqual([
      'RelayRole, policy 0, statement 1: is not a JSON object',
    ]);
  });

  test('all problems of all documents are told together', () => {
    const store = new PolicyStore();
    const bad = {
      Version: '2012-10-17',
      Statement: [
        { ...good, Action: 'a:b' },
        { ...good, Effect: 'x' },
      ],
    };
    expect(() => store.register('RelayRole', 'identity', [bad, bad])).toThrow(
      /(policy \d, statement \d [^\n]*\n[^\n]*){3}policy 1, statement 1 \(Read\): Effect/,
    );
  });
});

test.each<[Readonly<Record<string, unknown>>]>([
  [{ Action: '*', Resource: '*' }],
  [{ Action: ['logs:PutLogEvents', 'xray:Put*', 'dynamodb:Get*'] }],
  [{ Condition: { 'ForAllValues:StringLikeIfExists': { 'dynamodb:LeadingKeys': [`\${aws:PrincipalTag/a}`] } } }],
  [{ Action: 'kms:Decrypt', Condition: { StringEquals: { 'kms:EncryptionContext:aws:dynamodb:tableName': 'x' } } }],
  [{ NotAction: 'iot:*', Action: undefined, Condition: { StringEquals: { 'kms:ViaService': 'x' } } }],
])('%j is understood', (change) => {
  expect(problemOf(change)).toEqual([]);
});

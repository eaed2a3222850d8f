import type { Caller } from '../../../local/iam/caller.ts';
import { contextOf } from '../../../local/iam/condition-context.ts';
import { decide } from '../../../local/iam/evaluate.ts';
import { parsePolicy } from '../../../local/iam/parse-policy.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels';
const ROLE = 'arn:aws:iam::111122223333:role/Relay';
const role: Caller = {
  kind: 'role',
  roleArn: ROLE,
  sessionArn: 'arn:aws:sts::111122223333:assumed-role/Relay/one',
  account: '111122223333',
};

type Json = Readonly<Record<string, unknown>>;
const allow = (action: unknown, resource: unknown, more: Json = {}): Json => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
});
const deny = (action: unknown, resource: unknown, more: Json = {}): Json => ({
  ...allow(action, resource, more),
  Effect: 'Deny',
});

function outcome(
  statements: readonly Json[],
  action: string,
  resource: string,
  values: Readonly<Record<string, string | readonly string[]>> = {},
) {
  const identity = [
    parsePolicy({ Version: '2012-10-17', Statement: statements }, { owner: 'Relay', kind: 'identity' }),
  ];
  const decision = decide(
    { identity, resource: [], mode: 'either' },
    { action, resource, context: contextOf(values) },
    role,
  );
  return decision.allowed ? 'allow' : decision.reason;
}

describe('evaluation logic', () => {
  test.each<[string, readonly Json[], string, string]>([
    ['nothing said is no', [allow('dynamodb:GetItem', TABLE)], 'dynamodb:PutItem', 'no-identity-policy'],
    ['an allow is enough', [allow('dynamodb:GetItem', TABLE)], 'dynamodb:GetItem', 'allow'],
    [
      'a deny wins over an allow after it',
      [deny('dynamodb:GetItem', '*'), allow('dynamodb:*', '*')],
      'dynamodb:GetItem',
      'explicit-deny',
    ],
    [
      'a deny wins over an allow before it',
      [allow('*', '*'), deny('dynamodb:Get*', TABLE)],
      'dynamodb:GetItem',
      'explicit-deny',
    ],
    ['a deny of something else does not', [allow('*', '*'), deny('dynamodb:Put*', '*')], 'dynamodb:GetItem', 'allow'],
    [
      'another table is another resource',
      [allow('dynamodb:GetItem', `${TABLE}2`)],
      'dynamodb:GetItem',
      'no-identity-policy',
    ],
    ['a table is not its index', [allow('dynamodb:Query', `${TABLE}/index/*`)], 'dynamodb:Query', 'no-identity-policy'],
    [
      'NotAction allows the rest',
      [{ Effect: 'Allow', NotAction: 'dynamodb:Put*', Resource: '*' }],
      'dynamodb:GetItem',
      'allow',
    ],
    [
      'NotAction leaves out what it names',
      [{ Effect: 'Allow', NotAction: ['dynamodb:Get*'], Resource: '*' }],
      'dynamodb:GetItem',
      'no-identity-policy',
    ],
    [
      'NotResource leaves out what it names',
      [{ Effect: 'Allow', Action: 'dynamodb:*', NotResource: TABLE }],
      'dynamodb:GetItem',
      'no-identity-policy',
    ],
    [
      'NotResource allows the rest',
      [{ Effect: 'Allow', Action: 'dynamodb:*', NotResource: `${TABLE}2` }],
      'dynamodb:GetItem',
      'allow',
    ],
  ])('%s', (_, statements, action, expected) => {
    expect(outcome(statements, action, TABLE)).toBe(expected);
  });
});

describe('wildcards', () => {
  test.each<[string, string, boolean]>([
    ['dynamodb:GetItem', 'dynamodb:GetItem', true],
    ['DynamoDB:getitem', 'dynamodb:GetItem', true],
    ['dynamodb:Get*', 'dynamodb:GetItem', true],
    ['dynamodb:*Item', 'dynamodb:BatchGetItem', true],
    ['dynamodb:?etItem', 'dynamodb:GetItem', true],
    ['dynamodb:?atchGetItem', 'dynamodb:GetItem', false],
    ['dynamodb:G*t*m', 'dynamodb:GetItem', true],
    ['dynamodb:Get*', 'dynamodb:BatchGetItem', false],
    ['*', 'dynamodb:GetItem', true],
  ])('action %s against %s: %s', (pattern, action, expected) => {
    expect(outcome([allow(pattern, '*')], action, TABLE) === 'allow').toBe(expected);
  });

  test.each<[string, string, boolean]>([
    ['arn:aws:dynamodb:*:*:table/Tunnels', TABLE, true],
    ['arn:aws:dynamodb:*:*:table/tunnels', TABLE, false],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/Tun?els', TABLE, true],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels?', TABLE, false],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/*/index/*', `${TABLE}/index/byDevice`, true],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/*', `${TABLE}/index/byDevice`, true],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels/*', TABLE, false],
    ['arn:*', TABLE, true],
    ['*', '*', true],
    [TABLE, '*', false],
  ])('resource %s against %s: %s', (pattern, resource, expected) => {
    expect(outcome([allow('dynamodb:*', pattern)], 'dynamodb:Query', resource) === 'allow').toBe(expected);
  });

  test('a long run of stars costs no time', () => {
    const pattern = `arn:aws:dynamodb:eu-west-1:111122223333:table/${'*a'.repeat(60)}`;
    const started = performance.now();
    expect(outcome([allow('dynamodb:*', pattern)], 'dynamodb:Query', `${TABLE}${'a'.repeat(5000)}b`)).not.toBe('allow');
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('conditions', () => {
  const keys = { 'dynamodb:LeadingKeys': ['r1', 'r2'] };
  test.each<[string, Json, Readonly<Record<string, string | readonly string[]>>, boolean]>([
    ['equal', { StringEquals: { 'dynamodb:Select': 'COUNT' } }, { 'dynamodb:Select': 'COUNT' }, true],
    ['key names without case', { StringEquals: { 'DynamoDB:select': 'COUNT' } }, { 'dynamodb:Select': 'COUNT' }, true],
    ['values with case', { StringEquals: { 'dynamodb:Select': 'count' } }, { 'dynamodb:Select': 'COUNT' }, false],
    [
      'values are alternatives',
      { StringEquals: { 'dynamodb:Select': ['A', 'COUNT'] } },
      { 'dynamodb:Select': 'COUNT' },
      true,
    ],
    [
      'keys are all needed',
      { StringEquals: { 'dynamodb:Select': 'COUNT', 'dynamodb:ReturnValues': 'NONE' } },
      { 'dynamodb:Select': 'COUNT' },
      false,
    ],
    [
      'operators are all needed',
      { StringEquals: { 'dynamodb:Select': 'COUNT' }, Bool: { 'aws:SecureTransport': 'false' } },
      { 'dynamodb:Select': 'COUNT', 'aws:SecureTransport': 'true' },
      false,
    ],
    ['absent key', { StringEquals: { 'dynamodb:Select': 'COUNT' } }, {}, false],
    ['absent key, IfExists', { StringEqualsIfExists: { 'dynamodb:Select': 'COUNT' } }, {}, true],
    ['absent key, negated', { StringNotEquals: { 'dynamodb:Select': 'COUNT' } }, {}, true],
    [
      'negated against several',
      { StringNotEquals: { 'dynamodb:Select': ['A', 'B'] } },
      { 'dynamodb:Select': 'B' },
      false,
    ],
    [
      'StringEquals has no wildcard',
      { StringEquals: { 'dynamodb:Select': 'C*' } },
      { 'dynamodb:Select': 'COUNT' },
      false,
    ],
    ['StringLike has', { StringLike: { 'dynamodb:Select': 'C*' } }, { 'dynamodb:Select': 'COUNT' }, true],
    ['Null true: absent', { Null: { 'dynamodb:Select': 'true' } }, {}, true],
    ['Null false: present', { Null: { 'dynamodb:Select': false } }, { 'dynamodb:Select': 'A' }, true],
    ['Null false: absent', { Null: { 'dynamodb:Select': 'false' } }, {}, false],
    ['ForAllValues, all', { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['r1', 'r2', 'r3'] } }, keys, true],
    ['ForAllValues, one foreign', { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['r1'] } }, keys, false],
    ['ForAllValues, absent', { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['r1'] } }, {}, true],
    ['ForAnyValue, one', { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['?2'] } }, keys, true],
    ['ForAnyValue, none', { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['r9'] } }, keys, false],
    ['ForAnyValue, absent', { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['r1'] } }, {}, false],
    ['ForAnyValue negated, absent', { 'ForAnyValue:StringNotEquals': { 'dynamodb:LeadingKeys': ['r1'] } }, {}, false],
    ['Bool', { Bool: { 'aws:ViaAWSService': 'true' } }, { 'aws:ViaAWSService': 'TRUE' }, true],
    ['NumericLessThan', { NumericLessThan: { 'aws:EpochTime': '10' } }, { 'aws:EpochTime': '9' }, true],
    ['NumericLessThan, equal', { NumericLessThan: { 'aws:EpochTime': 9 } }, { 'aws:EpochTime': '9' }, false],
    ['NumericEquals of no number', { NumericEquals: { 'aws:EpochTime': 'x' } }, { 'aws:EpochTime': 'x' }, false],
    [
      'DateGreaterThan',
      { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } },
      { 'aws:CurrentTime': '2026-01-01T00:00:01Z' },
      true,
    ],
    [
      'DateLessThan, epoch',
      { DateLessThan: { 'aws:CurrentTime': '1767225600' } },
      { 'aws:CurrentTime': '2026-01-01T00:00:01Z' },
      false,
    ],
    [
      'ArnLike',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:iot:*:*:rule/hello*' } },
      { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:1:rule/hello_1' },
      true,
    ],
    [
      'ArnEquals takes wildcards too',
      { ArnEquals: { 'aws:SourceArn': 'arn:aws:iot:*:1:rule/*' } },
      { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:1:rule/x' },
      true,
    ],
    [
      'a star does not leap over a colon of the ARN',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:iot:*:rule/x' } },
      { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:1:rule/x' },
      false,
    ],
    [
      'ArnNotLike',
      { ArnNotLike: { 'aws:SourceArn': 'arn:aws:iot:*:*:rule/*' } },
      { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:1:rule/x' },
      false,
    ],
  ])('%s', (_, condition, values, expected) => {
    const statement = allow('dynamodb:Query', TABLE, { Condition: condition });
    expect(outcome([statement], 'dynamodb:Query', TABLE, values) === 'allow').toBe(expected);
  });
});

describe('variables', () => {
  const own = `${TABLE}/\${aws:PrincipalTag/team}`;
  const tag = (value: string) => ({ 'aws:PrincipalTag/team': value });
  test.each<[string, string, string, Readonly<Record<string, string>>, boolean]>([
    ['replaced', own, `${TABLE}/red`, tag('red'), true],
    ['another value', own, `${TABLE}/blue`, tag('red'), false],
    ['without a value the statement does not match', own, `${TABLE}/`, {}, false],
    ['a default', `${TABLE}/\${aws:PrincipalTag/team, 'none'}`, `${TABLE}/none`, {}, true],
    ['a star in a value is a star', own, `${TABLE}/red`, tag('*'), false],
    ['a star in a value matches itself', own, `${TABLE}/*`, tag('*'), true],
    ['a private-use character is no wildcard', own, `${TABLE}/red`, tag('\uE000'), false],
    ['an escaped star', `${TABLE}/\${*}`, `${TABLE}/x`, {}, false],
    ['an escaped star matches itself', `${TABLE}/\${*}`, `${TABLE}/*`, {}, true],
  ])('%s', (_, pattern, resource, values, expected) => {
    expect(outcome([allow('dynamodb:Query', pattern)], 'dynamodb:Query', resource, values) === 'allow').toBe(expected);
  });

  test('NotResource with a variable that has no value covers nothing', () => {
    const statement = { Effect: 'Allow', Action: 'dynamodb:Query', NotResource: own };
    expect(outcome([statement], 'dynamodb:Query', TABLE)).toBe('no-identity-policy');
  });

  test('the older policy language has none', () => {
    const policy = parsePolicy(
      { Version: '2008-10-17', Statement: allow('dynamodb:Query', own) },
      { owner: 'Relay', kind: 'identity' },
    );
    const request = { action: 'dynamodb:Query', resource: `${TABLE}/red`, context: contextOf(tag('red')) };
    expect(decide({ identity: [policy], resource: [], mode: 'either' }, request, role).allowed).toBe(false);
  });
});

describe('resource policies', () => {
  const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:hello';
  const request = { action: 'lambda:InvokeFunction', resource: FUNCTION, context: contextOf({}) };
  const resourcePolicy = (principal: unknown, more: Json = {}) => [
    parsePolicy(
      { Version: '2012-10-17', Statement: allow('lambda:InvokeFunction', FUNCTION, { Principal: principal, ...more }) },
      { owner: FUNCTION, kind: 'resource' },
    ),
  ];
  const identity = (statement: Json) => [
    parsePolicy({ Version: '2012-10-17', Statement: statement }, { owner: 'Relay', kind: 'identity' }),
  ];
  const rule: Caller = { kind: 'service', service: 'iot.amazonaws.com' };

  test.each<[string, unknown, Caller, 'either' | 'gate', boolean, boolean]>([
    ['names the role: enough by itself', { AWS: ROLE }, role, 'either', false, true],
    ['names the session', { AWS: role.sessionArn }, role, 'either', false, true],
    ['names everyone', '*', role, 'either', false, true],
    ['names another role', { AWS: `${ROLE}2` }, role, 'either', false, false],
    [
      'leaves it to the account, whose policies say nothing',
      { AWS: 'arn:aws:iam::111122223333:root' },
      role,
      'either',
      false,
      false,
    ],
    ['leaves it to the account, whose policies allow', { AWS: '111122223333' }, role, 'gate', true, true],
    ['a gate that names someone else', { AWS: `${ROLE}2` }, role, 'gate', true, false],
    ['not a gate: the own policy is enough', { AWS: `${ROLE}2` }, role, 'either', true, true],
    ['another account', { AWS: 'arn:aws:iam::999999999999:root' }, role, 'gate', true, false],
    ['names the service', { Service: 'iot.amazonaws.com' }, rule, 'either', false, true],
    ['names another service', { Service: 'events.amazonaws.com' }, rule, 'either', false, false],
    ['everyone is no service', '*', rule, 'either', false, false],
  ])('%s', (_, principal, caller, mode, ownAllows, expected) => {
    const own = ownAllows ? identity(allow('lambda:InvokeFunction', FUNCTION)) : [];
    expect(decide({ identity: own, resource: resourcePolicy(principal), mode }, request, caller).allowed).toBe(
      expected,
    );
  });

  test('a deny in either wins', () => {
    const denied = decide(
      { identity: identity(deny('lambda:*', '*')), resource: resourcePolicy('*'), mode: 'either' },
      request,
      role,
    );
    expect(denied).toMatchObject({ allowed: false, reason: 'explicit-deny' });
  });
});

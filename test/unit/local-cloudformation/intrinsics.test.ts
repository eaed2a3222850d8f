import { resolve, resolveCondition, type Scope } from '../../../local/cloudformation/intrinsics.ts';
import { referencesIn } from '../../../local/cloudformation/references.ts';

const scope: Scope = {
  ref: (name) => `ref:${name}`,
  attribute: (id, name) => `att:${id}.${name}`,
  imported: (name) => `import:${name}`,
  mapping: (map, top, second) => `${map}/${top}/${second}`,
  condition: (name) => name === 'Yes',
};

describe('intrinsic functions', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref', { Ref: 'Table' }, 'ref:Table'],
    ['GetAtt with a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'att:Table.Arn'],
    ['GetAtt with a text', { 'Fn::GetAtt': 'Nested.Outputs.Name' }, 'att:Nested.Outputs.Name'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref:B-3'],
    ['Split and Select', { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'x/y/z'] }] }, 'y'],
    ['Sub', { 'Fn::Sub': `\${AWS::Region}:\${Fn.Arn}:\${!Kept}` }, `ref:AWS::Region:att:Fn.Arn:\${Kept}`],
    ['Sub with variables', { 'Fn::Sub': [`\${Own}-\${B}`, { Own: { Ref: 'A' } }] }, 'ref:A-ref:B'],
    ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': `\${S}-x` } }, 'import:ref:S-x'],
    ['FindInMap', { 'Fn::FindInMap': ['M', { Ref: 'T' }, 's'] }, 'M/ref:T/s'],
    ['If, true', { 'Fn::If': ['Yes', 1, { Ref: 'X' }] }, 1],
    ['If, false', { 'Fn::If': ['No', 1, [2]] }, [2]],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['no value in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['no value in a list', [1, { 'Fn::If': ['No', 2, { Ref: 'AWS::NoValue' }] }], [1]],
    ['a policy variable is data', { Resource: `arn:\${iot:ClientId}` }, { Resource: `arn:\${iot:ClientId}` }],
    ['a policy condition is data', { Condition: { Bool: { x: 'true' } } }, { Condition: { Bool: { x: 'true' } } }],
  ])('%s', (_, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  test('an unknown function is an error that says where to teach it', () => {
    expect(() => resolve({ 'Fn::Cidr': ['10.0.0.0/8', 1] }, scope)).toThrow(/Fn::Cidr is not known.*intrinsics\.ts/);
  });

  test.each<[unknown, boolean]>([
    [{ 'Fn::Equals': [{ Ref: 'A' }, 'ref:A'] }, true],
    [{ 'Fn::Not': [{ Condition: 'Yes' }] }, false],
    [{ 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Equals': ['a', 'b'] }] }, false],
    [{ 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': ['a', 'a'] }] }, true],
  ])('condition %j', (condition, expected) => {
    expect(resolveCondition(condition, scope)).toBe(expected);
  });
});

test('references are found wherever they stand, in both branches', () => {
  const found = referencesIn({
    a: { 'Fn::Join': ['', [{ Ref: 'One' }, { 'Fn::GetAtt': ['Two', 'Arn'] }]] },
    b: { 'Fn::If': ['C', { Ref: 'Three' }, { 'Fn::Sub': [`\${Four.Arn}\${own}`, { own: { Ref: 'Five' } }] }] },
    c: { 'Fn::ImportValue': 'six' },
  });
  expect(found.map((one) => one.name)).toEqual(['One', 'Two', 'C', 'Three', 'Four', 'Five', 'six']);
});

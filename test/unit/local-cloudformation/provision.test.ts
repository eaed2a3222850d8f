import type { Stack } from '../../../local/cloudformation/assembly.ts';
import type { Cloud } from '../../../local/cloudformation/cloud.ts';
import { cloudOnly } from '../../../local/cloudformation/cloud-only.ts';
import type { Handler } from '../../../local/cloudformation/handler.ts';
import { localPlace } from '../../../local/cloudformation/place.ts';
import { type Outputs, provision } from '../../../local/cloudformation/provision.ts';
import { parseTemplate } from '../../../local/cloudformation/template.ts';

const stackOf = (name: string, source: object, dependencies: readonly string[] = []): Stack => ({
  name,
  template: parseTemplate(name, source),
  dependencies,
  assets: new Map(),
});

/** Makes a resource of any type `Test::*` and remembers when and with which properties. */
const recorder = () => {
  const made: { id: string; properties: unknown }[] = [];
  const handler: Handler = {
    type: 'Test::Thing',
    make: async (properties, resource) => {
      await Promise.resolve();
      made.push({ id: `${resource.stack}/${resource.logicalId}`, properties });
      if (resource.logicalId === 'Broken') throw new Error('it does not work');
      return { ref: resource.physicalName(64), attributes: { Arn: resource.arn('test', resource.logicalId) } };
    },
  };
  return { made, handler };
};

const run = (stacks: readonly Stack[], handler: Handler): Promise<Outputs> =>
  provision(stacks, {
    place: localPlace,
    cloud: {} as Cloud,
    handlerOf: (type) => (type.startsWith('Test::') ? handler : undefined),
    cloudOnly,
  });

describe('provisioning', () => {
  test('makes resources after those that they refer to, across stacks', async () => {
    const { made, handler } = recorder();
    const base = stackOf('base', {
      Resources: { Table: { Type: 'Test::Table' } },
      Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Table', 'Arn'] }, Export: { Name: 'base:Arn' } } },
    });
    const top = stackOf('top', {
      Resources: {
        Last: { Type: 'Test::Thing', DependsOn: 'User' },
        User: { Type: 'Test::Thing', Properties: { arn: { 'Fn::ImportValue': 'base:Arn' } } },
      },
    });
    const outputs = await run([top, base], handler);
    expect(made.map(({ id }) => id)).toEqual(['base/Table', 'top/User', 'top/Last']);
    expect(made[1]?.properties).toEqual({ arn: 'arn:aws:test:us-east-1:000000000000:Table' });
    expect(outputs.base).toEqual({ Arn: 'arn:aws:test:us-east-1:000000000000:Table' });
  });

  test('a stack waits for the stacks that it needs, even without a reference', async () => {
    const { made, handler } = recorder();
    const second = stackOf('second', { Resources: { B: { Type: 'Test::Thing' } } }, ['first']);
    const first = stackOf('first', { Resources: { A: { Type: 'Test::Thing' } } });
    await run([second, first], handler);
    expect(made.map(({ id }) => id)).toEqual(['first/A', 'second/B']);
  });

  test('physical names are the same at every start and differ between resources', async () => {
    const names: string[] = [];
    const handler: Handler = {
      type: 'Test::Thing',
      make: (_, resource) => ({ ref: names[names.push(resource.physicalName(20)) - 1] ?? '' }),
    };
    const stack = stackOf('s', {
      Resources: { LongLogicalIdOne: { Type: 'Test::A' }, LongLogicalIdTwo: { Type: 'Test::A' } },
    });
    await run([stack], handler);
    await run([stack], handler);
    expect(names[0]).toBe(names[2]);
    expect(names[0]).not.toBe(names[1]);
    expect(names.every((name) => name.length <= 20)).toBe(true);
  });

  test('every unknown type is named, with its stack, logical id and the remedy', async () => {
    const stack = stackOf('s', {
      Resources: { Q: { Type: 'AWS::SQS::Queue' }, V: { Type: 'AWS::EC2::VPC' }, X: { Type: 'AWS::X::Y' } },
    });
    const failure = await run([stack], recorder().handler).catch(String);
    expect(failure).toContain('s/Q: AWS::SQS::Queue is not known here');
    expect(failure).toContain('s/X: AWS::X::Y is not known here');
    expect(failure).toContain('cloud-only.ts');
    expect(failure).not.toContain('VPC');
  });

  test('a resource that cannot be made is reported once, and others that wait for it are not made', async () => {
    const { made, handler } = recorder();
    const stack = stackOf('s', {
      Resources: {
        Broken: { Type: 'Test::Thing' },
        After: { Type: 'Test::Thing', Properties: { x: { Ref: 'Broken' } } },
      },
    });
    const failure = await run([stack], handler).catch(String);
    expect(String(failure).match(/it does not work/g)).toHaveLength(1);
    expect(made.map(({ id }) => id)).toEqual(['s/Broken']);
  });

  test('a circle is named', async () => {
    const stack = stackOf('s', {
      Resources: {
        A: { Type: 'Test::Thing', Properties: { x: { Ref: 'B' } } },
        B: { Type: 'Test::Thing', Properties: { x: { Ref: 'A' } } },
      },
    });
    await expect(run([stack], recorder().handler)).rejects.toThrow('s/A -> s/B -> s/A');
  });

  test('something local that asks for what exists in the cloud only stops the start', async () => {
    const stack = stackOf('s', {
      Resources: {
        Lb: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer' },
        A: { Type: 'Test::Thing', Properties: { host: { 'Fn::GetAtt': ['Lb', 'DNSName'] } } },
      },
    });
    await expect(run([stack], recorder().handler)).rejects.toThrow(/s\/A.*DNSName.*cloud only/s);
  });

  test('a resource whose condition is false is not made, and nothing may refer to it', async () => {
    const { made, handler } = recorder();
    const source = {
      Parameters: { Wanted: { Type: 'String', Default: 'no' } },
      Conditions: { IsWanted: { 'Fn::Equals': [{ Ref: 'Wanted' }, 'yes'] } },
      Resources: { A: { Type: 'Test::Thing', Condition: 'IsWanted' }, B: { Type: 'Test::Thing' } },
    };
    await run([stackOf('s', source)], handler);
    expect(made.map(({ id }) => id)).toEqual(['s/B']);
    const asking = {
      ...source,
      Resources: { ...source.Resources, C: { Type: 'Test::Thing', Properties: { a: { Ref: 'A' } } } },
    };
    await expect(run([stackOf('s', asking)], handler)).rejects.toThrow('condition is false');
  });

  test('a template section that would change the template is refused', () => {
    expect(() => parseTemplate('s', { Transform: 'AWS::Serverless', Resources: {} })).toThrow(/s: .*Transform/);
  });
});

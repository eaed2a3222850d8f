import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf, textOf } from './stage.ts';

export type Statement = {
  readonly role: string;
  readonly sid: string | undefined;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Readonly<Record<string, unknown>> | undefined;
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** Every statement of every role of a template. */
export const statementsOf = (template: Template): readonly Statement[] =>
  resourcesOf(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
    list(Properties.Policies ?? []).flatMap((policy) => {
      // biome-ignore lint/suspicious/noExplicitAny: a template is data of any shape, and a test that misreads it fails.
      const { Statement } = (policy as any).PolicyDocument;
      return list(Statement).map((one) => {
        // biome-ignore lint/suspicious/noExplicitAny: as above.
        const { Sid, Effect, Action, Resource, Condition } = one as any;
        return {
          role: id.replace(/^Functions/, '').replace(/Role[0-9A-F]{8}$/, 'Role'),
          sid: Sid,
          effect: Effect,
          actions: list(Action).map(String),
          resources: list(Resource).map(textOf),
          conditions: Condition,
        };
      });
    }),
  );

/** One line a statement: `Devices: GetItem, PutItem (if ...)`. */
export const lineOf = ({ actions, resources, conditions }: Statement): string => {
  const condition = conditions === undefined ? '' : ` if ${JSON.stringify(conditions, (_, value) => plain(value))}`;
  return `${actions.join(' ')} on ${resources.join(' ')}${condition}`;
};

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && ('Fn::Join' in value || 'Ref' in value) ? textOf(value) : value;

/** Who may do what, role by role: the table that a reviewer reads. */
export const rightsOf = (templates: readonly Template[]): Readonly<Record<string, readonly string[]>> => {
  const roles = new Map<string, string[]>();
  for (const statement of templates.flatMap(statementsOf))
    roles.set(statement.role, [...(roles.get(statement.role) ?? []), lineOf(statement)]);
  return Object.fromEntries(roles);
};

import { intrinsicOf, namesIn } from './intrinsics.ts';
import { isRecord } from './shape.ts';

/** Something that an expression needs before it can be resolved. */
export type Reference =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'import'; readonly name: unknown }
  | { readonly kind: 'condition'; readonly name: string };

/**
 * All that a value refers to, in both branches of every `Fn::If`, as CloudFormation counts them: so the order in which
 * resources are made does not depend on what conditions turn out to be.
 */
export function referencesIn(value: unknown): readonly Reference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRecord(value)) return [];
  const name = intrinsicOf(value);
  const argument = name === undefined ? undefined : value[name];
  switch (name) {
    case 'Ref':
      return [{ kind: 'name', name: String(argument) }];
    case 'Fn::GetAtt': {
      const id = typeof argument === 'string' ? argument.split('.')[0] : Array.isArray(argument) ? argument[0] : '';
      return [{ kind: 'name', name: String(id) }];
    }
    case 'Fn::Sub': {
      const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
      const own = isRecord(variables) ? Object.keys(variables) : [];
      const names = namesIn(String(template)).filter((one) => !own.includes(one));
      return [
        ...names.map((one) => ({ kind: 'name', name: one.split('.')[0] ?? '' }) as const),
        ...referencesIn(variables),
      ];
    }
    case 'Fn::ImportValue':
      return [{ kind: 'import', name: argument }, ...referencesIn(argument)];
    case 'Fn::If': {
      const [condition, ...branches] = Array.isArray(argument) ? argument : [];
      return [{ kind: 'condition', name: String(condition) }, ...referencesIn(branches)];
    }
    default:
      return Object.values(value).flatMap(referencesIn);
  }
}

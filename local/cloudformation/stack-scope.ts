import type { Stack } from './assembly.ts';
import { resolve, resolveCondition, type Scope } from './intrinsics.ts';
import { type Place, pseudoParameter } from './place.ts';

/** What a stack's expressions see beside its own parameters, mappings and conditions. */
export interface Surroundings {
  readonly place: Place;
  /** Values for parameters, by name; others have their defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  resourceRef(stack: Stack, logicalId: string): unknown;
  attribute(stack: Stack, logicalId: string, name: string): unknown;
  imported(exportName: string): unknown;
}

export function stackScope(stack: Stack, around: Surroundings): Scope {
  const { Parameters, Mappings, Conditions } = stack.template;
  const scope: Scope = {
    ref: (name) => {
      const pseudo = pseudoParameter(name, stack.name, around.place);
      if (pseudo !== undefined) return pseudo;
      const parameter = Parameters[name];
      if (parameter === undefined) return around.resourceRef(stack, name);
      const value = around.parameters[name] ?? parameter.Default;
      if (value === undefined) throw new Error(`parameter ${name} has no default: give it one in local/system`);
      if (/^AWS::SSM::/.test(parameter.Type)) {
        throw new Error(`parameter ${name} is read from the SSM parameter store, which is not served locally`);
      }
      return /^(CommaDelimitedList|List<.*>)$/.test(parameter.Type) ? String(value).split(',') : value;
    },
    attribute: (logicalId, name) => around.attribute(stack, logicalId, name),
    imported: around.imported,
    mapping: (map, top, second) => {
      const value = Mappings[map]?.[top]?.[second];
      if (value === undefined) throw new Error(`mapping ${map} has no ${top}.${second}`);
      return value;
    },
    condition: (name) => {
      if (!Object.hasOwn(Conditions, name)) throw new Error(`there is no condition ${name}`);
      return resolveCondition(Conditions[name], scope);
    },
  };
  return scope;
}

/**
 * A stack's outputs, by logical id, as far as their conditions hold. Those that speak of what exists in the cloud only
 * have no value here and are left out: outputs tell people something, no resource reads them.
 */
export function outputsOf(stack: Stack, scope: Scope): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(stack.template.Outputs)
      .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
      .flatMap(([id, { Value }]) => {
        try {
          return [[id, resolve(Value, scope)] as const];
        } catch {
          return [];
        }
      }),
  );
}

import type { Stack } from './assembly.ts';
import type { Scope } from './intrinsics.ts';
import { resolve } from './intrinsics.ts';
import { referencesIn } from './references.ts';
import type { TemplateResource } from './template.ts';

/** One resource of one stack. */
export interface Node {
  readonly key: string;
  readonly stack: Stack;
  readonly logicalId: string;
  readonly resource: TemplateResource;
}

export const keyOf = (stack: string, logicalId: string): string => `${stack}/${logicalId}`;

/** All resources of an assembly, and which of them need which. */
export class Graph {
  readonly nodes: ReadonlyMap<string, Node>;
  private readonly stacks: ReadonlyMap<string, Stack>;
  private readonly exports: ReadonlyMap<string, { readonly stack: Stack; readonly value: unknown }>;

  /** @param scopeOf resolves the names of exports, which may speak of pseudo parameters. */
  constructor(stacks: readonly Stack[], scopeOf: (stack: Stack) => Scope) {
    this.stacks = new Map(stacks.map((stack) => [stack.name, stack]));
    const nodes = stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources).map(([logicalId, resource]) => {
        const key = keyOf(stack.name, logicalId);
        return [key, { key, stack, logicalId, resource }] as const;
      }),
    );
    this.nodes = new Map(nodes);
    const outputs = stacks.flatMap((stack) =>
      Object.values(stack.template.Outputs).flatMap(({ Export, Value }) =>
        Export === undefined ? [] : [[String(resolve(Export.Name, scopeOf(stack))), { stack, value: Value }] as const],
      ),
    );
    this.exports = new Map(outputs);
  }

  /** What an export gives, in the scope of the stack that exports it; undefined when no stack does. */
  exported(name: string): { readonly stack: Stack; readonly value: unknown } | undefined {
    return this.exports.get(name);
  }

  /** The nodes that must stand before this one: what it refers to, `DependsOn`, and the stacks that its stack needs. */
  dependenciesOf(node: Node, scopeOf: (stack: Stack) => Scope): ReadonlySet<string> {
    const { resource, stack } = node;
    const found = new Set<string>();
    this.collect([resource.Properties, { 'Fn::If': [resource.Condition ?? ''] }], stack, scopeOf, found);
    for (const id of [resource.DependsOn].flat()) found.add(keyOf(stack.name, id));
    for (const name of stack.dependencies) {
      for (const id of Object.keys(this.stacks.get(name)?.template.Resources ?? {})) found.add(keyOf(name, id));
    }
    return found;
  }

  private collect(value: unknown, stack: Stack, scopeOf: (stack: Stack) => Scope, found: Set<string>): void {
    for (const reference of referencesIn(value)) {
      if (reference.kind === 'import') {
        const target = this.exported(String(resolve(reference.name, scopeOf(stack))));
        if (target !== undefined) this.collect(target.value, target.stack, scopeOf, found);
      } else if (reference.kind === 'name' && this.nodes.has(keyOf(stack.name, reference.name))) {
        found.add(keyOf(stack.name, reference.name));
      }
    }
  }
}

/** The first circle among the nodes, as the keys on it, or undefined. */
export function circleIn(dependencies: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (key: string, path: readonly string[]): readonly string[] | undefined => {
    if (done.has(key)) return undefined;
    if (path.includes(key)) return [...path.slice(path.indexOf(key)), key];
    for (const next of dependencies.get(key) ?? []) {
      const circle = visit(next, [...path, key]);
      if (circle !== undefined) return circle;
    }
    done.add(key);
    return undefined;
  };
  for (const key of dependencies.keys()) {
    const circle = visit(key, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

import { createHash } from 'node:crypto';
import type { Stack } from './assembly.ts';
import type { Cloud } from './cloud.ts';
import { type CloudOnly, cloudOnlyAttribute } from './cloud-only.ts';
import { circleIn, Graph, keyOf, type Node } from './graph.ts';
import type { Handler, Made, Resource } from './handler.ts';
import { resolve, type Scope } from './intrinsics.ts';
import type { Place } from './place.ts';
import { outputsOf, stackScope } from './stack-scope.ts';
import { TemplateError } from './template-error.ts';

export interface ProvisionOptions {
  readonly place: Place;
  readonly cloud: Cloud;
  /** The handler of a resource type; undefined when there is none. */
  readonly handlerOf: (type: string) => Handler | undefined;
  readonly cloudOnly: ReadonlyMap<string, CloudOnly>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Logical id -> value, by stack. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Makes every resource of the stacks, each as soon as those that it refers to stand.
 *
 * @throws TemplateError with all problems that could be found. What was made by then stays: the caller closes its cloud.
 */
export async function provision(stacks: readonly Stack[], options: ProvisionOptions): Promise<Outputs> {
  return new Provisioning(stacks, options).run();
}

class Provisioning {
  private readonly made = new Map<string, Made>();
  private readonly scopes: ReadonlyMap<string, Scope>;
  private readonly graph: Graph;

  constructor(
    private readonly stacks: readonly Stack[],
    private readonly options: ProvisionOptions,
  ) {
    const around = {
      place: options.place,
      parameters: options.parameters ?? {},
      resourceRef: (stack: Stack, id: string) => this.standing(stack, id).ref,
      attribute: (stack: Stack, id: string, name: string) => this.attribute(stack, id, name),
      imported: (name: string) => this.imported(name),
    };
    this.scopes = new Map(stacks.map((stack) => [stack.name, stackScope(stack, around)]));
    this.graph = new Graph(stacks, (stack) => this.scopeOf(stack));
  }

  async run(): Promise<Outputs> {
    const nodes = [...this.graph.nodes.values()].filter((node) => this.isWanted(node));
    const strange = nodes.filter(({ resource: { Type } }) => !this.isKnown(Type)).map((node) => this.strangeness(node));
    if (strange.length > 0) throw new TemplateError(strange);
    const dependencies = new Map(nodes.map((node) => [node.key, this.dependenciesOf(node)]));
    const circle = circleIn(dependencies);
    if (circle !== undefined) throw new TemplateError([`these resources need each other: ${circle.join(' -> ')}`]);

    const running = new Map<string, Promise<void>>();
    const start = (node: Node): Promise<void> => {
      const begun = running.get(node.key);
      if (begun !== undefined) return begun;
      const needs = [...(dependencies.get(node.key) ?? [])].flatMap((key) => this.graph.nodes.get(key) ?? []);
      const work = Promise.all(needs.filter((one) => dependencies.has(one.key)).map(start)).then(() => this.make(node));
      running.set(node.key, work);
      return work;
    };
    const results = await Promise.allSettled(nodes.map(start));
    const reasons = new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
    if (reasons.size > 0) {
      throw new TemplateError(
        [...reasons].map((reason) => (reason instanceof Error ? reason.message : String(reason))),
      );
    }
    return Object.fromEntries(this.stacks.map((stack) => [stack.name, this.outputs(stack)]));
  }

  private isWanted({ stack, resource: { Condition } }: Node): boolean {
    return Condition === undefined || this.scopeOf(stack).condition(Condition);
  }

  private isKnown(type: string): boolean {
    return this.options.cloudOnly.has(type) || this.options.handlerOf(type) !== undefined;
  }

  private strangeness({ key, resource: { Type } }: Node): string {
    return `${key}: ${Type} is not known here. Write a handler in local/cloudformation/resources, or list it in local/cloudformation/cloud-only.ts with the reason why it means nothing locally.`;
  }

  /** Of what exists in the cloud only nothing is read, so it waits for nothing. */
  private dependenciesOf(node: Node): ReadonlySet<string> {
    if (this.options.cloudOnly.has(node.resource.Type)) return new Set();
    try {
      return this.graph.dependenciesOf(node, (stack) => this.scopeOf(stack));
    } catch (error) {
      throw new TemplateError([`${node.key}: ${messageOf(error)}`]);
    }
  }

  private async make(node: Node): Promise<void> {
    const { resource, stack } = node;
    try {
      const handler = this.options.handlerOf(resource.Type);
      if (handler === undefined) this.made.set(node.key, { ref: nameFor(node, 255) });
      else {
        const properties = resolve(resource.Properties, this.scopeOf(stack));
        this.made.set(node.key, await handler.make(properties, this.resource(node)));
      }
    } catch (error) {
      throw new Error(`${node.key} (${resource.Type}): ${messageOf(error)}`, { cause: error });
    }
  }

  private resource(node: Node): Resource {
    const { place, cloud } = this.options;
    return {
      stack: node.stack.name,
      logicalId: node.logicalId,
      type: node.resource.Type,
      physicalName: (longest) => nameFor(node, longest),
      arn: (service, rest) => `arn:aws:${service}:${place.region}:${place.account}:${rest}`,
      asset: (objectKey) => {
        const path = node.stack.assets.get(objectKey);
        if (path === undefined) throw new Error(`the assembly has no asset ${objectKey}: build and synthesize again`);
        return path;
      },
      place,
      cloud,
    };
  }

  private standing(stack: Stack, logicalId: string): Made {
    const key = keyOf(stack.name, logicalId);
    const made = this.made.get(key);
    if (made !== undefined) return made;
    throw new Error(this.graph.nodes.has(key) ? `${key} is not made, its condition is false` : `there is no ${key}`);
  }

  private attribute(stack: Stack, logicalId: string, name: string): unknown {
    const made = this.standing(stack, logicalId);
    const value = made.attributes?.[name];
    if (value !== undefined) return value;
    const type = stack.template.Resources[logicalId]?.Type ?? '';
    const only = this.options.cloudOnly.get(type);
    if (only !== undefined) return cloudOnlyAttribute({ type, only, name, ref: made.ref, place: this.options.place });
    throw new Error(`${keyOf(stack.name, logicalId)} has no attribute ${name}: add it to the handler of ${type}`);
  }

  private imported(name: string): unknown {
    const found = this.graph.exported(name);
    if (found === undefined) throw new Error(`no stack exports ${name}`);
    return resolve(found.value, this.scopeOf(found.stack));
  }

  private outputs(stack: Stack): Readonly<Record<string, unknown>> {
    return outputsOf(stack, this.scopeOf(stack));
  }

  private scopeOf(stack: Stack): Scope {
    const scope = this.scopes.get(stack.name);
    if (scope === undefined) throw new Error(`there is no stack ${stack.name}`);
    return scope;
  }
}

/** As CloudFormation names things, but the same at every start: stack, logical id and a mark that keeps it unique. */
function nameFor({ key, stack, logicalId }: Node, longest: number): string {
  const mark = createHash('sha256').update(key).digest('hex').slice(0, 12).toUpperCase();
  return `${`${stack.name}-${logicalId}`.slice(0, longest - 13)}-${mark}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

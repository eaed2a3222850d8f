import type { z } from 'zod';
import type { Cloud } from './cloud.ts';
import type { Place } from './place.ts';

/** What a resource became: the value of `Ref`, and those of `Fn::GetAtt`. */
export interface Made {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** The resource that is being made. */
export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** A name for it where the template gives none: always the same one, so that a second start finds the first one's state. */
  physicalName(longest: number): string;
  /** `arn:aws:<service>:<region>:<account>:<rest>` */
  arn(service: string, rest: string): string;
  /** The directory or file behind an asset's object key. Throws when the assembly has none. */
  asset(objectKey: string): string;
  readonly place: Place;
  readonly cloud: Cloud;
}

/** Makes resources of one type. Its schema is strict: a property that it does not know stops the start. */
export interface Handler {
  readonly type: string;
  make(properties: unknown, resource: Resource): Made | Promise<Made>;
}

/** A handler whose properties are checked before it sees them. */
export function handler<Schema extends z.ZodType>(
  type: string,
  properties: Schema,
  make: (properties: z.output<Schema>, resource: Resource) => Made | Promise<Made>,
): Handler {
  return {
    type,
    make: (given, resource) => {
      const result = properties.safeParse(given);
      if (result.success) return make(result.data, resource);
      const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'properties'}: ${message}`);
      throw new Error(`${problems.join('; ')} (see local/cloudformation/resources)`);
    },
  };
}

import { z } from 'zod';
import { instanceType, whole } from './fields.ts';

const fleet = (preset: { readonly min: number; readonly max: number }) =>
  z.strictObject({
    min: whole('tasks', 1, 500).default(preset.min),
    max: whole('tasks', 1, 500).default(preset.max),
    instanceType,
  });

/** How much there is of what. Two of each is the least that survives a zone. */
export const capacity = z
  .strictObject({
    /** `standard`: one relay an instance. */
    relays: fleet({ min: 2, max: 10 })
      .extend({
        /** More relays come when the mean passes this. */
        tunnelsPerRelay: whole('tunnels', 100, 16_000).default(6_000),
      })
      .prefault({}),
    /** `standard`: one router an instance. */
    routers: fleet({ min: 2, max: 6 }).prefault({}),
    /** `small`: each instance carries a relay and a router. */
    instances: z
      .strictObject({
        count: z.literal([1, 2], 'give 1 or 2; for more, choose profile "standard"').default(1),
        instanceType,
      })
      .prefault({}),
  })
  .prefault({});

type Architecture = 'arm64' | 'x86_64';
type Part = 'relays' | 'routers' | 'instances';

/** Baseline network and not CPU sizes a router; a relay does both. T instances have bursts that a small fleet never spends. */
const presets: Readonly<Record<Architecture, Readonly<Record<Part, string>>>> = {
  arm64: { relays: 'c8g.large', routers: 'c8g.large', instances: 't4g.small' },
  x86_64: { relays: 'c7i.large', routers: 'c7i.large', instances: 't3.small' },
};

type Sized = {
  readonly cpuArchitecture: Architecture;
  readonly capacity: Readonly<Record<Part, { readonly instanceType?: string | undefined }>>;
};

/** The instance type of a part, as given or as the architecture suggests. */
export const instanceTypeOf = ({ cpuArchitecture, capacity: given }: Sized, part: Part): string =>
  given[part].instanceType ?? presets[cpuArchitecture][part];

/** Graviton families carry a `g` right after their generation's number: c8g, c8gn, t4g, im4gn; g5g too. */
export const architectureOf = (type: string): Architecture => (/^[a-z]+\d+g[a-z]*\./.test(type) ? 'arm64' : 'x86_64');

const burstable = { nano: 0.5, micro: 1, small: 2, medium: 4, large: 8 } as const;
/** GiB of a `large` of the families c, m and r, since their sixth generation. */
const steady = { c: 4, m: 8, r: 16 } as const;

const gibibytesOf = (type: string): number | undefined => {
  const small = /^t\d[a-z]*\.(nano|micro|small|medium|large)$/.exec(type)?.[1];
  if (small !== undefined) return burstable[small as keyof typeof burstable];
  const [, family, size] = /^([cmr])[6-9][a-z]*\.(medium|large|\d*xlarge)$/.exec(type) ?? [];
  if (family === undefined || size === undefined) return undefined;
  const larges = size === 'medium' ? 0.5 : size === 'large' ? 1 : 2 * Number(size.replace('xlarge', '') || '1');
  return steady[family as keyof typeof steady] * larges;
};

/** What ECS can give to tasks of an instance, MiB; `undefined` for a type not known here. Kernel, agent and Docker take the rest. */
export const taskMemoryOf = (type: string): number | undefined => {
  const gibibytes = gibibytesOf(type);
  return gibibytes === undefined ? undefined : Math.floor(gibibytes * 1_024 * 0.88);
};

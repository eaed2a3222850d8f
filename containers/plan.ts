import { createHash } from 'node:crypto';
import { DockerfileError, type Instruction, parseDockerfile } from './dockerfile.ts';

/** What an image is besides its files; also what stands at one of its build steps. */
export interface ImageConfig {
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  /** Numeric; undefined is root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  readonly entrypoint: readonly string[];
  readonly health: { readonly options: string; readonly command: readonly string[] } | undefined;
}

type FileStep =
  | { readonly kind: 'run'; readonly command: readonly string[] }
  /** `from` is the key of a stage's last step; undefined: the build context. */
  | { readonly kind: 'copy'; readonly from: string | undefined; readonly source: string; readonly target: string }
  | { readonly kind: 'folder' };

export interface Step {
  /** The same for two steps that do the same to the same: what one made, the other has. */
  readonly key: string;
  readonly does: FileStep;
  readonly config: ImageConfig;
}

export interface Stage {
  readonly image: string;
  /** The base's own key, as that of the step before the first. */
  readonly key: string;
  readonly steps: readonly Step[];
  readonly config: ImageConfig;
}

const nothing: ImageConfig = {
  environment: {},
  labels: {},
  workdir: '/',
  user: undefined,
  entrypoint: [],
  health: undefined,
};

/**
 * What a build of that Dockerfile does, with its arguments filled in.
 *
 * @throws DockerfileError at a line that cannot be tried, and for an argument that is missing or that nothing asks for
 */
export const planDockerfile = (text: string, given: Readonly<Record<string, string>>): readonly Stage[] => {
  const stages: { name: string | undefined; image: string; key: string; steps: Step[]; config: ImageConfig }[] = [];
  const before = new Map<string, string | undefined>();
  let own = before;
  for (const instruction of parseDockerfile(text)) {
    const fill = (value: string) => filled(value, own);
    const stage = stages.at(-1);
    if (instruction.kind === 'arg') {
      // Docker's rule: what stands before the first FROM is for FROM lines; a stage names again what it wants.
      own.set(instruction.name, given[instruction.name] ?? instruction.preset);
    } else if (instruction.kind === 'from') {
      const image = filled(instruction.image, before);
      own = new Map();
      stages.push({ name: instruction.stage, image, key: image, steps: [], config: nothing });
    } else if (stage === undefined) throw new DockerfileError(instruction.kind, 'stands before the first FROM');
    else {
      stage.config = configAfter(stage.config, instruction, fill);
      const does = fileStep(instruction, (name) => keyOf(stages.find((one) => one.name === name && one !== stage)));
      if (does === undefined) continue;
      const { config } = stage;
      const key = createHash('sha256')
        .update(JSON.stringify([keyOf(stage), does, config.workdir, config.environment, config.user]))
        .digest('hex');
      stage.steps.push({ key, does, config });
    }
  }
  const asked = new Set(parseDockerfile(text).flatMap((one) => (one.kind === 'arg' ? [one.name] : [])));
  const vain = Object.keys(given).find((name) => !asked.has(name));
  if (vain !== undefined) throw new DockerfileError(`--build-arg ${vain}`, 'no ARG of that name');
  return stages;
};

/** The key of a stage's last step. */
export const keyOf = (stage: Pick<Stage, 'key' | 'steps'> | undefined): string => {
  if (stage === undefined) throw new DockerfileError('COPY --from', 'names no stage before its own');
  return stage.steps.at(-1)?.key ?? stage.key;
};

const filled = (text: string, values: ReadonlyMap<string, string | undefined>): string =>
  text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new DockerfileError(text, `give --build-arg ${name}`);
    return value;
  });

const configAfter = (config: ImageConfig, one: Instruction, fill: (value: string) => string): ImageConfig => {
  switch (one.kind) {
    case 'env':
      return { ...config, environment: { ...config.environment, [one.name]: fill(one.value) } };
    case 'label':
      return { ...config, labels: { ...config.labels, [one.name]: fill(one.value) } };
    case 'workdir':
      return { ...config, workdir: one.value };
    case 'user': {
      const [, uid, gid] = /^(\d+):(\d+)$/.exec(one.value) ?? [];
      if (uid === undefined || gid === undefined)
        throw new DockerfileError(`USER ${one.value}`, 'give numbers, which need no user data base');
      return { ...config, user: { uid: Number(uid), gid: Number(gid) } };
    }
    case 'entrypoint':
      return { ...config, entrypoint: one.command };
    case 'healthcheck':
      return { ...config, health: { options: one.options, command: one.command } };
    default:
      return config;
  }
};

const fileStep = (one: Instruction, stageKey: (name: string) => string): FileStep | undefined => {
  if (one.kind === 'run') return { kind: 'run', command: one.command };
  if (one.kind === 'workdir') return { kind: 'folder' };
  if (one.kind !== 'copy') return undefined;
  const { source, target } = one;
  return { kind: 'copy', from: one.stage === undefined ? undefined : stageKey(one.stage), source, target };
};

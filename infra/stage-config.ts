import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { crossProblems } from './stage/checks.ts';
import { type StageConfig, stageConfigSchema } from './stage/schema.ts';

export { type Cell, cellsOf } from './stage/cells.ts';
export type { StageConfig, StageConfigInput } from './stage/schema.ts';

export class StageConfigError extends Error {
  readonly problems: readonly string[];
  constructor(source: string, problems: readonly string[]) {
    super(`${source} is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'StageConfigError';
    this.problems = problems;
  }
}

/** Names every problem at once, each with what to do. Throws `StageConfigError`. */
export const parseStageConfig = (value: unknown, source = 'the stage config'): StageConfig => {
  const result = stageConfigSchema.safeParse(value);
  const problems = [...(result.error?.issues.map(problemOf) ?? []), ...crossProblems(usableFields(value))];
  if (result.success && problems.length === 0) return result.data;
  throw new StageConfigError(source, problems);
};

/** The field and the remedy. Messages of our own are remedies already; zod's own tell types. */
const problemOf = (issue: z.core.$ZodIssue): string => {
  const field = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') return `${field}: remove ${issue.keys.join(', ')}: there is no such field`;
  if (issue.code === 'invalid_type' && /^Invalid input/.test(issue.message))
    return `${field}: give ${/^[aeio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  return `${field}: ${issue.message}`;
};

/** So that a wrong field does not hide what is wrong between two others. */
const usableFields = (value: unknown): Partial<StageConfig> => {
  const given: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const parsed = Object.entries(stageConfigSchema.shape).map(([field, schema]) => {
    const one = schema.safeParse(given[field]);
    return [field, one.success ? one.data : undefined];
  });
  return Object.fromEntries(parsed);
};

/** Reads `infra/stages/<name>.json`. Throws `StageConfigError`. */
export const readStageConfig = (name: string): StageConfig => {
  const source = `infra/stages/${name}.json`;
  const config = parseStageConfig(parseFile(name, source), source);
  if (config.name !== name) throw new StageConfigError(source, [`name: make it "${name}", as the file is called`]);
  return config;
};

const parseFile = (name: string, source: string): unknown => {
  if (!/^[a-z0-9-]+$/.test(name))
    throw new StageConfigError(source, ['name the stage in lower case, digits and hyphens']);
  let text: string;
  try {
    text = readFileSync(fileURLToPath(new URL(`./stages/${name}.json`, import.meta.url)), 'utf8');
  } catch (cause) {
    throw Object.assign(new StageConfigError(source, ['make the file; infra/stages/dev.json shows how']), { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw Object.assign(new StageConfigError(source, [`write it as JSON: ${String(cause)}`]), { cause });
  }
};

export const proxyDomain = (config: StageConfig): string => config.domain ?? 'sallyport.internal';
/** What devices dial: as configured, by the domain's name, or by the front door's own where there is no domain. */
export const relayHost = (config: StageConfig, door?: string): string =>
  config.relay.host ?? (config.domain === undefined && door !== undefined ? door : `relay.${proxyDomain(config)}`);
/** On `small` one address serves both, and its 443 is the router's. */
export const relayPort = ({ relay, profile }: StageConfig): number => relay.port ?? (profile === 'small' ? 2222 : 443);

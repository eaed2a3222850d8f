import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** CloudWatch Logs takes these numbers of days and no others. */
const logDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const address = /^\d{1,3}(\.\d{1,3}){3}$/;
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

const isSafeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname));
};
const url = z
  .string()
  .refine(isSafeUrl, 'give a URL that starts with https:// (http:// only for the loopback address)');

/** Tokens of an issuer that exists already: any OIDC provider. */
const ownIssuer = z.strictObject({
  kind: z.literal('oidc'),
  /** Exactly as it stands in the tokens' `iss`. */
  issuer: url,
  audience: z.string().min(1, 'give the audience that stands in the tokens'),
  /** Where the issuer publishes its keys. */
  jwks: url,
});
/** A Cognito user pool made for this stage. */
const madeIssuer = z.strictObject({ kind: z.literal('cognito') });

const port = z.int().min(1, 'give a port from 1 to 65535').max(65_535, 'give a port from 1 to 65535');
const seconds = (min: number, max: number) =>
  z.int().min(min, `give ${min} to ${max} seconds`).max(max, `give ${min} to ${max} seconds`);
const memory = (preset: number) =>
  z.int().min(128, 'give at least 128 MiB').max(65_536, 'give at most 65536 MiB').default(preset);
const executions = (preset: number) =>
  z.int().min(0, 'give 0 or more').max(900, 'give at most 900: an account has 1000').default(preset);
const image = z.string().min(1, 'give an image by its whole name').optional();

const stageConfigSchema = z.strictObject({
  /** Stands in the stacks' names: choose it once. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'use 1 to 20 lower-case letters, digits and hyphens, a letter first'),
  /** Where it is deployed; without it, wherever the credentials of the moment point. */
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'give a Region such as eu-west-1')
    .optional(),
  /** The proxy domain. Without one, names end in `.sallyport.internal` and only `ssh -J` works. */
  domain: z.string().regex(hostName, 'give a lower-case domain name, such as tunnels.example.com').optional(),
  tokens: z.discriminatedUnion(
    'kind',
    [ownIssuer, madeIssuer],
    'choose kind "cognito", or "oidc" with issuer, audience, jwks',
  ),
  /** Members of this group administer devices and grants. */
  adminGroup: z
    .string()
    .regex(/^[\p{L}\p{N}_.:@/-]{1,128}$/u, 'give one group name without spaces')
    .default('sallyport-admins'),
  /** A registered SSH key works so long after its operator's last sign-in. */
  signInSeconds: seconds(300, 604_800).default(43_200),
  /** `publish` for brokers without direct messages: devices then subscribe to their commands. */
  delivery: z.enum(['direct', 'publish'], 'choose "direct" or "publish"').default('direct'),
  retention: z
    .strictObject({
      logDays: z
        .int()
        .refine((days) => logDays.includes(days), `give one of ${logDays.join(', ')}`)
        .default(90),
    })
    .prefault({}),
  cpuArchitecture: z.enum(['arm64', 'x86_64'], 'choose "arm64" or "x86_64"').default('arm64'),
  api: z
    .strictObject({
      requestsPerSecond: z.int().min(1, 'give at least 1').max(10_000, 'an account has 10000').default(200),
      burst: z.int().min(1, 'give at least 1').max(5_000, 'an account has 5000').default(400),
    })
    .prefault({}),
  /** Executions of a function that are kept for it, and no more than these: 0 keeps none, for an account with a small quota. */
  reserved: z
    .strictObject({
      /** Requests that wait for a tunnel to open. */
      waiting: executions(50),
      /** Openings on demand by routers, however many routers there are. */
      jumps: executions(100),
    })
    .prefault({}),
  relay: z
    .strictObject({
      /** What devices dial: a name or an IPv4 address. */
      host: z
        .string()
        .refine((text) => hostName.test(text) || address.test(text), 'give a host name or an IPv4 address')
        .optional(),
      port: port.default(443),
      memoryMebibytes: memory(1024),
      /** How long streams may go on after the order to stop. */
      drainSeconds: seconds(30, 3_500).default(300),
      image,
    })
    .prefault({}),
  router: z
    .strictObject({ memoryMebibytes: memory(512), drainSeconds: seconds(30, 3_500).default(300), image })
    .prefault({}),
});

export type StageConfig = z.output<typeof stageConfigSchema>;
export type StageConfigInput = z.input<typeof stageConfigSchema>;

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
  if (result.success) return result.data;
  throw new StageConfigError(source, result.error.issues.map(problemOf));
};

/** The field and the remedy. Messages of our own are remedies already; zod's own tell types. */
const problemOf = (issue: z.core.$ZodIssue): string => {
  const field = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') return `${field}: remove ${issue.keys.join(', ')}: there is no such field`;
  if (issue.code === 'invalid_type')
    return `${field}: give ${issue.expected === 'object' ? 'an object' : `a ${issue.expected}`}`;
  return `${field}: ${issue.message}`;
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
export const relayHost = (config: StageConfig): string => config.relay.host ?? `relay.${proxyDomain(config)}`;

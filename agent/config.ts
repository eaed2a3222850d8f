import { z } from 'zod';
import { maxServices } from '../core/model/device.ts';
import { deviceIdPattern } from '../core/model/ids.ts';
import { schemes, serviceNamePattern } from '../core/model/service.ts';
import { problemOf } from './problems.ts';
import { judgeAddress } from './service-address.ts';

const path = z.string().min(1).max(4_096);
const port = z.int().min(1).max(65_535);

/** What nothing from the cloud can widen: only these local addresses are reachable through the agent. */
const service = z
  .strictObject({
    name: z.string().regex(serviceNamePattern, 'must be a lower-case name such as ssh, without --'),
    scheme: z.enum(schemes),
    host: z.string().default('127.0.0.1'),
    port,
    /** The address is another machine in the device's own network. */
    lan: z.boolean().default(false),
  })
  .superRefine(
    ({ host, lan }, context) => {
      const verdict = typeof host === 'string' ? judgeAddress(host, lan === true) : { ok: true };
      if (!verdict.ok && 'why' in verdict)
        context.addIssue({ code: 'custom', path: ['host'], message: `${host} ${verdict.why}` });
    },
    // Also where another field is wrong: every problem is told at once.
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .transform((given) => {
    const verdict = judgeAddress(given.host, given.lan);
    return verdict.ok ? { ...given, host: verdict.host } : z.NEVER;
  });

/** Names that stand there more than once. */
const repeated = (names: readonly unknown[]): readonly unknown[] => [
  ...new Set(names.filter((name, index) => name !== undefined && names.indexOf(name) !== index)),
];

/** What the file may hold; docs/agent.md is held to it by a test. */
export const agentConfigSchema = z.strictObject({
  /** The thing name. */
  device: z.string().regex(deviceIdPattern, 'must be a thing name: letters, digits, colon, _ and -'),
  /** Another MQTT client id than the thing name, where an application holds that connection already. */
  clientId: z
    .string()
    .regex(/^[a-zA-Z0-9:_.-]{1,128}$/, 'must be 1 to 128 letters, digits, colon, _, . and -')
    .optional(),
  mqtt: z.strictObject({
    host: z
      .string()
      .regex(
        /^[a-zA-Z0-9]([a-zA-Z0-9.:-]{0,251}[a-zA-Z0-9])?$/,
        'must be a host name alone, without scheme, port or path',
      ),
    /** 8883, or 443 where nothing else gets out: then ALPN says that it is MQTT. */
    port: port.default(8_883),
    certificate: path,
    key: path,
    /** Whom to believe that it is the broker; without it, whom the operating system believes. */
    authority: path.optional(),
    /** `mqttjs` where there is no binary of the AWS client, as on 32-bit ARM. */
    client: z.enum(['aws-crt', 'mqttjs']).default('aws-crt'),
    /** Only for a deployment that publishes its commands: direct messages need no subscription, and its policy has none. */
    subscribe: z.boolean().default(false),
    /** AWS IoT Core takes 30 to 1200. */
    keepAliveSeconds: z.int().min(30).max(1_200).default(60),
  }),
  services: z
    .array(service)
    .min(1)
    .max(maxServices)
    .superRefine(
      (list, context) => {
        for (const name of repeated(list.map((one) => one?.name)))
          context.addIssue({ code: 'custom', message: `two services have the name ${name}` });
      },
      { when: ({ value }) => Array.isArray(value) },
    ),
  /** The device's own SSH host public keys, so that operators can know it: files, one key each. */
  hostKeys: z.array(path).max(8).default([]),
  limits: z
    .strictObject({
      /** Tunnels at once. */
      forwards: z.int().min(1).max(100).default(20),
      /** User connections at once, over all tunnels. */
      channels: z.int().min(1).max(1_000).default(64),
      /** Bytes that a tunnel may carry in all, both ways; looked at each second. 0 is no limit. */
      bytesPerTunnel: z.int().min(0).default(0),
    })
    .prefault({}),
  relay: z
    .strictObject({
      /** SSH to the relay goes inside TLS, for a network that lets nothing else out. Needs a deployment with a domain. */
      tls: z.boolean().default(false),
      /** Where TLS is spoken, whatever port the cloud names for bare SSH. */
      tlsPort: port.default(443),
    })
    .prefault({}),
  /** Hours between two session keys. */
  keyHours: z.number().min(0.01).max(168).default(24),
});
export type AgentConfig = z.output<typeof agentConfigSchema>;
export type LocalService = AgentConfig['services'][number];

/** The file is the administrator's own, so its words are shown as they are, but for what would move a terminal's cursor. */
const oneLine = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, 500);

/** The config or its files cannot be used: all that is wrong, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(`${oneLine(file)} is not usable:\n${problems.map((problem) => `  ${oneLine(problem)}`).join('\n')}`);
    this.problems = problems;
  }
}

const somePath = path.optional().catch(undefined);
const someFiles = { certificate: somePath, key: somePath, authority: somePath };
const named = z.object({
  mqtt: z.object(someFiles).catch({}),
  hostKeys: z.array(somePath).catch([]),
});
/** The paths that a config names, as far as they can be made out of a wrong one. */
export type NamedFiles = z.output<typeof named>;

export type JudgedConfig = {
  /** Only of a text without problems. */
  readonly config: AgentConfig | undefined;
  readonly problems: readonly string[];
  readonly named: NamedFiles;
};

/** Never throws: says every problem of the text, and whatever files it names, so that they can be looked at too. */
export const judgeAgentConfig = (text: string): JudgedConfig => {
  const none = { mqtt: {}, hostKeys: [] };
  let value: unknown;
  try {
    // Some editors put a byte order mark first.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    return { config: undefined, problems: [`not JSON: ${cause instanceof Error ? cause.message : ''}`], named: none };
  }
  const result = agentConfigSchema.safeParse(value, { error: problemOf });
  const problems = result.error?.issues.map(({ path: at, message }) => `${at.join('.') || 'this file'}: ${message}`);
  return { config: result.data, problems: problems ?? [], named: named.safeParse(value).data ?? none };
};

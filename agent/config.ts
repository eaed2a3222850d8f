import { z } from 'zod';
import { maxServices } from '../core/model/device.ts';
import { deviceIdPattern } from '../core/model/ids.ts';
import { schemes, serviceNamePattern } from '../core/model/service.ts';
import { judgeAddress } from './service-address.ts';

const path = z.string().min(1).max(4_096);

/** What nothing from the cloud can widen: only these local addresses are reachable through the agent. */
const service = z
  .strictObject({
    name: z.string().regex(serviceNamePattern, 'must be a lower-case name such as "ssh"'),
    scheme: z.enum(schemes),
    host: z.string().default('127.0.0.1'),
    port: z.int().min(1).max(65_535),
    lan: z.boolean().default(false),
  })
  .transform((given, context) => {
    const verdict = judgeAddress(given.host, given.lan);
    if (verdict.ok) return { ...given, host: verdict.host };
    context.addIssue({ code: 'custom', path: ['host'], message: `${given.host} ${verdict.why}` });
    return z.NEVER;
  });

const schema = z.strictObject({
  /** The thing name. */
  device: z.string().regex(deviceIdPattern, 'must be a thing name: letters, digits, `:`, `_`, `-`'),
  /** Another MQTT client id than the thing name, where an application holds that connection already. */
  clientId: z.string().regex(deviceIdPattern).optional(),
  mqtt: z.strictObject({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535).default(8_883),
    certificate: path,
    key: path,
    authority: path.optional(),
  }),
  services: z
    .array(service)
    .min(1)
    .max(maxServices)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'two services have one name'),
  /** The device's own SSH host public keys, so that operators can know it: files, one key each. */
  hostKeys: z.array(path).max(8).default([]),
  limits: z
    .strictObject({
      forwards: z.int().min(1).max(100).default(20),
      channels: z.int().min(1).max(1_000).default(64),
      /** Bytes a tunnel may carry in all; 0 is no limit. */
      bytesPerTunnel: z.int().min(0).default(0),
    })
    .prefault({}),
  /** Hours between two session keys. */
  keyHours: z.number().min(0.01).max(168).default(24),
});
export type AgentConfig = z.output<typeof schema>;
export type LocalService = AgentConfig['services'][number];

/** Throws an Error that lists every problem of the file. */
export const parseAgentConfig = (text: string, file: string): AgentConfig => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(whole file)'}: ${issue.message}`);
  throw new Error(`${file} is not usable:\n${problems.join('\n')}`);
};

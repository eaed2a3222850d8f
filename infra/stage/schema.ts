import { z } from 'zod';
import { capacity } from './capacity.ts';
import { dns } from './dns.ts';
import { account, days, domain, email, host, image, memory, port, region, url, whole } from './fields.ts';

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

/** Where the wildcard certificate comes from. */
const certificate = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('acm-exportable') }),
    z.strictObject({
      kind: z.literal('acme-dns01'),
      /** Where the authority writes when a certificate is about to end. */
      email,
      directory: url.default('https://acme-v02.api.letsencrypt.org/directory'),
    }),
    /** You fill the secret, and renew it. */
    z.strictObject({ kind: z.literal('bring-your-own') }),
  ],
  'choose kind "acm-exportable", "acme-dns01" with email, or "bring-your-own"',
);

const executions = (preset: number) =>
  z.int().min(0, 'give 0 or more').max(900, 'give at most 900: an account has 1000').default(preset);
const drainSeconds = whole('seconds', 30, 3_500).default(300);

export const stageConfigSchema = z.strictObject({
  /** Stands in the stacks' names: choose it once. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'use 1 to 20 lower-case letters, digits and hyphens, a letter first'),
  /** Where it is deployed; without it, wherever the credentials of the moment point. */
  region: region.optional(),
  /** The proxy domain. Without one, names end in `.sallyport.internal` and only `ssh -J` works. */
  domain: domain.optional(),
  /** Where the domain's zone is. */
  dns: dns.default({ kind: 'made' }),
  /** Several Regions, each a cell with its own registry and domain. Takes the place of `region` and `domain`. */
  cells: z
    .array(z.strictObject({ region, domain: domain.optional(), dns: dns.optional() }))
    .min(2, 'give two cells or more; for one, give region and domain instead')
    .optional(),
  /**
   * `small`: instances that carry relay and router both, on their own addresses. `standard`: a fleet of each behind a
   * load balancer. `none`: task definitions alone, for whoever runs the containers elsewhere (the local system does).
   */
  profile: z.enum(['small', 'standard', 'none'], 'choose "small", "standard" or "none"').default('small'),
  /** How many availability zones, or which. */
  zones: z
    .union(
      [
        z.literal(2),
        z.literal(3),
        z
          .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/))
          .min(2)
          .max(3),
      ],
      'give 2, 3, or the names of two or three zones, such as ["eu-west-1a", "eu-west-1b"]',
    )
    .default(2),
  capacity,
  cpuArchitecture: z.enum(['arm64', 'x86_64'], 'choose "arm64" or "x86_64"').default('arm64'),
  /** Who vouches for operators. */
  tokens: z.discriminatedUnion(
    'kind',
    [ownIssuer, madeIssuer],
    'choose kind "cognito", or "oidc" with issuer, audience, jwks',
  ),
  /** A second API for machines of this account, by IAM's signatures. */
  iamApi: z.boolean('give true or false').default(true),
  /** Members of this group administer devices and grants. */
  adminGroup: z
    .string()
    .regex(/^[\p{L}\p{N}_.:@/-]{1,128}$/u, 'give one group name without spaces')
    .default('sallyport-admins'),
  /** A registered SSH key works so long after its operator's last sign-in. */
  signInSeconds: whole('seconds', 300, 604_800).default(43_200),
  /** `publish` for brokers without direct messages: devices then subscribe to their commands. */
  delivery: z.enum(['direct', 'publish'], 'choose "direct" or "publish"').default('direct'),
  certificate: certificate.optional(),
  retention: z
    .strictObject({
      logDays: days.default(90),
      /** Who spoke to whom, by address: more lines than all else together. */
      flowLogDays: days.default(14),
    })
    .prefault({}),
  /** Copies of the audit records that nobody can change, for so many days; in another account where one is named. */
  auditExport: z
    .strictObject({ account: account.optional(), lockDays: whole('days', 1, 3_653).default(365) })
    .optional(),
  /** Told before the month's sum is spent. */
  budget: z
    .strictObject({ monthlyUsd: z.number().min(1, 'give at least 1 US dollar').max(10_000_000), email })
    .optional(),
  /** Who is woken. Without an address, alarms are seen on the dashboard only. */
  alarms: z.strictObject({ email: email.optional() }).prefault({}),
  /** Opens a real tunnel to a device of its own each few minutes. */
  canary: z.boolean('give true or false').default(false),
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
      /** What devices dial; without it, `relay.<domain>`, or the front door's own address. */
      host: host.optional(),
      /** Without it, 443; on `small` 2222, because its 443 is the router's. */
      port: port.optional(),
      memoryMebibytes: memory(1024),
      /** How long streams may go on after the order to stop. */
      drainSeconds,
      image,
    })
    .prefault({}),
  router: z.strictObject({ memoryMebibytes: memory(512), drainSeconds, image }).prefault({}),
});

export type StageConfig = z.output<typeof stageConfigSchema>;
export type StageConfigInput = z.input<typeof stageConfigSchema>;

import * as z from 'zod';
import { type CanaryStep, canaryDevice } from '../canary-steps.ts';
import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { labelOf } from '../model/label.ts';
import { harmless } from '../model/text.ts';
import type { JumpClient, OperatorApi, WebClient } from '../ports/canary.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

export type CanaryPorts = {
  readonly api: OperatorApi;
  readonly jump: JumpClient;
  /** Absent without a domain: then there is no certificate, and no HTTPS. */
  readonly web?: WebClient | undefined;
  readonly domain: string;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly timers: Timers;
};

const service = 'ssh';
/** Stale answers may let in for 5 s (DESIGN 2.7); then a closed tunnel must be closed. */
const closedMilliseconds = 8_000;
const pollMilliseconds = 250;
/** Long enough for a run, short enough that a forgotten one ends by itself. */
const ttlSeconds = 120;

const tunnelSchema = z.object({ id: z.string(), state: z.string(), reason: z.string().optional() });
const deviceSchema = z.object({ hostKeys: z.array(z.string()) });
const linkSchema = z.object({ url: z.url() });
const listSchema = z.object({ tunnels: z.array(tunnelSchema) });

/**
 * Opens real tunnels to the canary's device by each way in and checks where they lead: the host key at the end must be
 * the one that the device itself announced, for a tunnel that answers is not yet one to the right device. Each step is a
 * metric; a failed one is told in the log, and the steps that needed it fail with it. Answers whether all worked.
 */
export const runCanary = async (ports: CanaryPorts): Promise<boolean> => {
  const { api, jump, domain, hub, clock } = ports;
  const failed: CanaryStep[] = [];

  const step = async <Result>(name: CanaryStep, work: () => Promise<Result>): Promise<Result | undefined> => {
    const started = clock.monotonic();
    try {
      const result = await work();
      hub.metrics.gauge('canary', 1, { step: name });
      hub.metrics.observe('canary_milliseconds', clock.monotonic() - started, { step: name });
      return result;
    } catch (error) {
      failed.push(name);
      hub.metrics.gauge('canary', 0, { step: name });
      hub.log('error', 'canary.failed', { step: name, error: harmless(messageOf(error), 300) });
      return undefined;
    }
  };
  const pathOf = (id: string) => `/v1/tunnels/${id}`;
  const reachDevice = async (host: string): Promise<void> => {
    const { hostKeys } = await must(api, deviceSchema, 'GET', `/v1/devices/${canaryDevice}`);
    const shown = await jump.reach({ host, port: 22 });
    if (!hostKeys.some((known) => plain(known) === plain(shown)))
      throw new Error('whoever answered is not the canary device: its host key is another');
  };

  const requested = await step('request', () =>
    must(api, tunnelSchema, 'POST', `/v1/devices/${canaryDevice}/tunnels`, { service, ttlSeconds }),
  );
  const needed = <Value>(value: Value | undefined): Value => {
    if (value === undefined) throw new Error('the step before it failed');
    return value;
  };
  const open = await step('open', async () => {
    const { id } = needed(requested);
    const tunnel = await must(api, tunnelSchema, 'GET', `${pathOf(id)}?wait=20`);
    if (tunnel.state !== 'open') throw new Error(`the tunnel is ${tunnel.state} ${tunnel.reason ?? ''}`.trim());
    return tunnel;
  });
  await step('jump', () => reachDevice(`t-${needed(open).id}.${domain}`));
  await step('close', async () => {
    const { id } = needed(requested);
    await must(api, z.unknown(), 'DELETE', pathOf(id));
    await refusedSoon(ports, `t-${id}.${domain}`);
  });
  await step('demand', async () => {
    await reachDevice(`${labelOf(canaryDevice)}.${domain}`);
    const { tunnels } = await must(api, listSchema, 'GET', `/v1/tunnels?device=${canaryDevice}&limit=20`);
    for (const { id, state } of tunnels) if (state !== 'closed') await must(api, z.unknown(), 'DELETE', pathOf(id));
  });
  const { web } = ports;
  if (web !== undefined) {
    await step('https', async () => {
      const { status } = await web({ host: `${service}--${labelOf(canaryDevice)}.${domain}` });
      if (status !== 401) throw new Error(`a stranger was answered ${status} and not 401`);
    });
    await step('link', () => browse(ports, web));
  }
  return failed.length === 0;
};

/** What a person does who opens the device's page: a tunnel, a link, the cookie that it becomes, and the page. */
const browse = async ({ api }: CanaryPorts, web: WebClient): Promise<void> => {
  const { id } = await must(api, tunnelSchema, 'POST', `/v1/devices/${canaryDevice}/tunnels`, {
    service: 'web',
    ttlSeconds,
  });
  try {
    const { state } = await must(api, tunnelSchema, 'GET', `/v1/tunnels/${id}?wait=20`);
    if (state !== 'open') throw new Error(`the tunnel is ${state}`);
    const { url } = await must(api, linkSchema, 'POST', `/v1/tunnels/${id}/links`, {});
    const { host, pathname, search } = new URL(url);
    const entered = await web({ host, path: `${pathname}${search}` });
    if (entered.cookie === undefined) throw new Error(`the link was answered ${entered.status} and no cookie`);
    const page = await web({ host, cookie: entered.cookie });
    // Ours says why there is no page; whatever else comes is the device's.
    if (page.type?.startsWith('application/problem+json')) throw new Error(`the page was refused: ${page.status}`);
  } finally {
    await must(api, z.unknown(), 'DELETE', `/v1/tunnels/${id}`);
  }
};

/** A closed tunnel lets nobody in any more, within the time that decisions may be old. */
const refusedSoon = async ({ jump, clock, timers }: CanaryPorts, host: string): Promise<void> => {
  const until = clock.monotonic() + closedMilliseconds;
  while (clock.monotonic() < until) {
    const reached = await jump.reach({ host, port: 22 }).then(
      () => true,
      () => false,
    );
    if (!reached) return;
    await new Promise<void>((resolve) => void timers.schedule(pollMilliseconds, resolve));
  }
  throw new Error('a closed tunnel still lets in');
};

const must = async <Schema extends z.ZodType>(
  api: OperatorApi,
  schema: Schema,
  ...[method, path, body]: Parameters<OperatorApi['call']>
): Promise<z.output<Schema>> => {
  const answer = await api.call(method, path, body);
  if (answer.status < 300) return schema.parse(answer.body);
  const { code, detail } = z
    .object({ code: z.string(), detail: z.string().optional() })
    .partial()
    .catch({})
    .parse(answer.body);
  throw new Error(`${method} ${path} was answered ${answer.status} ${code ?? ''} ${detail ?? ''}`.trim());
};

/** Without the comment. */
const plain = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

const messageOf = (error: unknown): string =>
  error instanceof SallyportError
    ? `${error.code} ${error.detail ?? ''}`
    : error instanceof Error
      ? error.message
      : String(error);

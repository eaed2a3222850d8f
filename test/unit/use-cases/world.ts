import { randomBytes } from 'node:crypto';
import { createMemoryChanges } from '../../../adapters/memory/changes.ts';
import { createMemoryDevices } from '../../../adapters/memory/devices.ts';
import { createMemoryGrants } from '../../../adapters/memory/grants.ts';
import { createMemoryOnce } from '../../../adapters/memory/once.ts';
import { createMemoryOperatorKeys } from '../../../adapters/memory/operator-keys.ts';
import { createMemoryPortClaims } from '../../../adapters/memory/port-claims.ts';
import { createMemoryRelays } from '../../../adapters/memory/relays.ts';
import { createMemoryTunnels } from '../../../adapters/memory/tunnels.ts';
import { createSshKeys } from '../../../adapters/ssh/ssh-keys.ts';
import { SallyportError } from '../../../core/errors.ts';
import { createEventHub } from '../../../core/events.ts';
import type { AuditRecord } from '../../../core/model/audit-record.ts';
import type { Change } from '../../../core/model/change.ts';
import type { Grant } from '../../../core/model/grant.ts';
import { operatorIdOf } from '../../../core/model/ids.ts';
import type { Service } from '../../../core/model/service.ts';
import type { Tunnel } from '../../../core/model/tunnel.ts';
import type { Delivery } from '../../../core/ports/device-messages.ts';
import type { LogLine } from '../../../core/ports/event-sinks.ts';
import { takeTunnel } from '../../../core/use-cases/take-tunnel.ts';
import type { Command } from '../../../core/wire/command.ts';
import type { OperatorEvent } from '../../../core/wire/operator-event.ts';

export const startOfTime = Date.UTC(2026, 10, 21, 12);
export const operatorId = operatorIdOf('https://issuer.test', 'ada');
export const otherId = operatorIdOf('https://issuer.test', 'bob');
export const operator = { id: operatorId, groups: ['field'] };
export const deviceId = 'pump-7';
/** A valid ed25519 key that nobody holds. */
export const deviceKeyLine = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'),
]).toString('base64')}`;

const services: readonly Service[] = [
  { name: 'ssh', scheme: 'ssh', port: 22 },
  { name: 'web', scheme: 'http', port: 80 },
];

/** Time goes on only when somebody waits for it, and then at once. */
export const createVirtualTime = () => {
  let now = startOfTime;
  return {
    clock: { now: () => now, monotonic: () => now - startOfTime },
    timers: {
      schedule(milliseconds: number, run: () => void) {
        const immediate = setImmediate(() => {
          now += milliseconds;
          run();
        });
        return { cancel: () => clearImmediate(immediate) };
      },
    },
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
};

/** The control plane over memory adapters, with everything that it says and writes to be looked at. */
export const createWorld = () => {
  const time = createVirtualTime();
  const { clock, timers } = time;
  const records: AuditRecord[] = [];
  const lines: LogLine[] = [];
  const changes: Change[] = [];
  const commands: { readonly clientId: string; readonly command: Command }[] = [];
  const events: { readonly operator: string; readonly event: OperatorEvent }[] = [];
  /** Writes and commands in the order in which they were made. */
  const order: string[] = [];
  const mood = { audit: true, delivery: 'acknowledged' as Delivery | 'error', connected: true };
  const onCommand: ((command: Command) => void)[] = [];

  const hub = createEventHub({
    process: 'test',
    log: { write: (line) => void lines.push(line) },
    metrics: { count: () => undefined, gauge: () => undefined, observe: () => undefined },
    audit: {
      async append(record) {
        if (!mood.audit) throw new SallyportError('unavailable');
        order.push(`audit ${record.kind}`);
        records.push(record);
      },
    },
    clock,
  });
  const memory = createMemoryTunnels();
  const tunnels: typeof memory = {
    ...memory,
    async create(tunnel) {
      order.push('create');
      return memory.create(tunnel);
    },
  };
  const kept = createMemoryChanges();
  const ports = {
    hub,
    audited: true,
    clock,
    timers,
    random: { bytes: (count: number) => randomBytes(count) },
    flush: () => undefined,
    adminGroup: 'admins',
    domain: 'sallyport.test',
    relay: { host: 'relay.sallyport.test', port: 443 },
    signInMilliseconds: 43_200_000,
    tunnels,
    claims: createMemoryPortClaims(),
    devices: createMemoryDevices(),
    relays: createMemoryRelays(),
    grants: createMemoryGrants(),
    operatorKeys: createMemoryOperatorKeys(),
    once: createMemoryOnce(),
    sshKeys: createSshKeys(),
    changes: {
      ...kept,
      async append(what: Parameters<typeof kept.append>[0], at: number) {
        changes.push({ ...what, id: String(changes.length), at });
        order.push(`change ${what.kind}`);
        return kept.append(what, at);
      },
    },
    pins: { current: async () => ({ version: 7, lines: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFpin'] }) },
    messages: {
      async send({ clientId }: { readonly device: string; readonly clientId: string }, command: Command) {
        order.push(`command ${command.type}`);
        if (mood.delivery === 'error') throw new SallyportError('unavailable');
        if (mood.delivery === 'acknowledged' || mood.delivery === 'published') {
          commands.push({ clientId, command });
          for (const listener of onCommand) listener(command);
        }
        return mood.delivery;
      },
      presence: async () => ({ connected: mood.connected, since: startOfTime - 1_000 }),
    },
    operatorMessages: {
      publish: async (to: string, event: OperatorEvent) => void events.push({ operator: to, event }),
    },
  };

  return {
    ...time,
    ports,
    records,
    lines,
    changes,
    commands,
    events,
    order,
    mood,
    onCommand,
    /** What the audit log holds but for its own bookkeeping. */
    entries: () => records.filter((record) => record.kind !== 'started'),
    grant: (part: Partial<Grant> = {}): Promise<void> =>
      ports.grants.put({
        id: 'grantgrantgrantg',
        principal: 'group:field',
        devices: 'pump-*',
        attributes: {},
        services: ['*'],
        logins: ['root'],
        maxSeconds: 28_800,
        plainTcp: false,
        everyone: false,
        createdAt: startOfTime,
        createdBy: otherId,
        ...part,
      }),
    hello: (part: { readonly id?: string; readonly hostKeys?: readonly string[] } = {}) =>
      ports.devices.hello(part.id ?? deviceId, {
        clientId: part.id ?? deviceId,
        agentVersion: '1.0.0',
        services,
        key: { fingerprint: 'SHA256:abc', publicKey: deviceKeyLine, addedAt: startOfTime },
        stock: false,
        hostKeys: part.hostKeys ?? [deviceKeyLine],
        at: clock.now() - 60_000,
      }),
    /** The device's relay takes the tunnel, as it does when the agent has dialled it. */
    take: (tunnel: string, { device = deviceId, at }: { readonly device?: string; readonly at?: number } = {}) =>
      takeTunnel(at === undefined ? ports : { ...ports, clock: { ...clock, now: () => at } }, {
        tunnel,
        device,
        holder: { serverId: 'raaaaaaaaa', worker: 0 },
      }),
    put: async (part: Partial<Tunnel> = {}): Promise<Tunnel> => {
      const tunnel: Tunnel = {
        id: 'aaaaaaaaaaaaaaaa',
        device: deviceId,
        service: 'ssh',
        scheme: 'ssh',
        operator: operatorId,
        origin: 'api',
        state: 'opening',
        createdAt: clock.now(),
        endsAt: clock.now() + 3_600_000,
        idleSeconds: 900,
        allow: ['192.0.2.1/32'],
        plainTcp: false,
        epoch: 0,
        ...part,
      };
      await memory.create(tunnel);
      return tunnel;
    },
  };
};
export type World = ReturnType<typeof createWorld>;

/** The code of the refusal that work throws. */
export const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no refusal',
    (error: unknown) => (error instanceof SallyportError ? error.code : String(error)),
  );

/** What must never reach a log, a terminal or a page as it came: control and format characters, and markup. */
export const hostilePattern = /\p{Cc}|\p{Cf}|<script/u;
export const hostileText = '\u001b[31m\r\nX-Forged: 1\u202e<script>alert(1)</script>\u0000';

/** Every string in a value, keys too, as it is: JSON would escape just what is looked for. */
export const textIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, part]) => key + textIn(part))
    .join(' ');
};

import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { parseRange } from '../model/allow-list.ts';
import type { CloseReason } from '../model/close-reason.ts';
import { deviceIdPattern, newTunnelId } from '../model/ids.ts';
import { type Operator, principalsOf } from '../model/operator.ts';
import { quotas } from '../model/quota.ts';
import type { Origin, Tunnel } from '../model/tunnel.ts';
import type { Delivery } from '../ports/device-messages.ts';
import type { Devices } from '../ports/devices.ts';
import type { Grants } from '../ports/grants.ts';
import type { PinSet, Pins } from '../ports/pins.ts';
import type { Random } from '../ports/random.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import type { TunnelRequest } from '../wire/api.ts';
import { knownHostsOf } from '../wire/known-hosts.ts';
import { type TunnelView, tunnelView } from '../wire/tunnel-view.ts';
import { decideRequest, type RequestFacts, type RequestPlan } from './decide-request.ts';
import { lastSeen, type SendPorts, sendOpen } from './send-open.ts';

export type RequestPorts = SendPorts & {
  readonly grants: Pick<Grants, 'of'>;
  readonly devices: Pick<Devices, 'get'>;
  readonly tunnels: Pick<Tunnels, 'create' | 'acknowledge' | 'close' | 'listByOperator' | 'listByDevice'>;
  readonly pins: Pins;
  readonly random: Random;
  readonly domain: string;
};

export type TunnelAsk = {
  readonly operator: Operator;
  readonly device: string;
  readonly request: TunnelRequest;
  readonly origin: Origin;
  /** The way in, for the audit record: `api`, `iam`, `mqtt`, `jump`. */
  readonly way: string;
  readonly source?: string | undefined;
  /** The allow list when the request names none: ranges, already canonical. */
  readonly defaultAllow: readonly string[];
  /** Chosen beforehand by a caller that must tell it to others first. */
  readonly id?: string;
};

export type RequestedTunnel = TunnelView & {
  /** The device's own SSH host keys, as lines for a `known_hosts` file. */
  readonly hostKeys: readonly string[];
  /** Logins that the grants are meant for. */
  readonly logins: readonly string[];
};

/** Everything that the decision needs, read side by side: the request must open in tens of milliseconds. */
export const readRequestFacts = async (
  ports: Pick<RequestPorts, 'grants' | 'devices' | 'tunnels'>,
  operator: Operator,
  device: string,
): Promise<RequestFacts> => {
  const [grants, row, ofOperator, ofDevice] = await Promise.all([
    ports.grants.of(principalsOf(operator)),
    ports.devices.get(device),
    ports.tunnels.listByOperator(operator.id, { limit: quotas.operator.sampleRows }),
    ports.tunnels.listByDevice(device, { limit: quotas.device.sampleRows }),
  ]);
  return { grants, device: row, ofOperator: ofOperator.rows, ofDevice: ofDevice.rows };
};

/** For a request of which no device is told. */
const nobodysPins: PinSet = { version: 0, lines: [] };

/**
 * Decides, writes the audit record, puts the tunnel's row and tells the device. Answers once the device's client has the
 * command; it does not wait for the tunnel to open. Throws the refusal, of which the audit log has a record.
 */
export const requestTunnel = async (ports: RequestPorts, ask: TunnelAsk): Promise<RequestedTunnel> => {
  if (!deviceIdPattern.test(ask.device))
    throw new SallyportError('invalid_request', { pointer: '/device', detail: 'not a device id' });
  const allow = ask.request.allow?.map((range, index) => parseRange(range, `/allow/${index}`)) ?? ask.defaultAllow;
  const [facts, pins] = await Promise.all([
    readRequestFacts(ports, ask.operator, ask.device),
    ask.request.deliver ? ports.pins.current() : nobodysPins,
  ]);
  return openRequested(ports, { ...ask, request: { ...ask.request, allow: [...allow] } }, { facts, pins });
};

/** The second half, for callers that have read the facts themselves. */
export const openRequested = async (
  ports: RequestPorts,
  ask: TunnelAsk,
  read: { readonly facts: RequestFacts; readonly pins: PinSet },
): Promise<RequestedTunnel> => {
  const { hub, clock } = ports;
  const { request } = ask;
  const entry = {
    action: 'request',
    operator: ask.operator.id,
    device: ask.device,
    service: String(request.service ?? request.port),
    way: ask.way,
    source: ask.source,
  };
  let plan: RequestPlan;
  try {
    plan = decideRequest(ask.device, request, read.facts, clock.now());
  } catch (error) {
    if (error instanceof SallyportError) hub.refused({ ...entry, code: error.code });
    throw error;
  }
  const tunnel = newTunnel(ports, ask, plan);
  const named = { ...entry, tunnel: tunnel.id, service: tunnel.service };
  try {
    await hub.allowed({ ...named, facts: { grants: plan.grants.join(' '), ttlSeconds: plan.ttlSeconds } });
  } catch (cause) {
    throw new SallyportError('unavailable', { detail: 'the audit record could not be written', cause });
  }
  const created = await ports.tunnels.create(tunnel);
  if (!created.ok) throw new SallyportError('internal', { cause: new Error('a tunnel id was drawn twice') });
  hub.metrics.count('tunnels_requested', 1, { origin: ask.origin });

  const row = request.deliver ? await deliver(ports, { tunnel, plan, pins: read.pins, entry: named }) : tunnel;
  const { domain } = ports;
  return {
    ...tunnelView(row, domain, clock.now()),
    hostKeys: knownHostsOf(plan.device, { domain, scheme: tunnel.scheme, service: tunnel.service, tunnel: tunnel.id }),
    logins: plan.logins,
  };
};

const newTunnel = (ports: RequestPorts, ask: TunnelAsk, plan: RequestPlan): Tunnel => {
  const now = ports.clock.now();
  return {
    id: ask.id ?? newTunnelId(ports.random),
    device: ask.device,
    service: plan.service.name,
    scheme: plan.service.scheme,
    operator: ask.operator.id,
    origin: ask.origin,
    state: 'requested',
    createdAt: now,
    endsAt: now + plan.ttlSeconds * 1_000,
    idleSeconds: ask.request.idleSeconds,
    allow: ask.request.allow ?? ask.defaultAllow,
    plainTcp: ask.request.plainTcp,
    epoch: 0,
  };
};

type DeliverWork = {
  readonly tunnel: Tunnel;
  readonly plan: RequestPlan;
  readonly pins: PinSet;
  readonly entry: Parameters<EventHub['ended']>[0];
};

/** Sends the command; where the device cannot be told, the row is closed with the reason and the request refused. */
const deliver = async (ports: RequestPorts, work: DeliverWork): Promise<Tunnel> => {
  const { tunnel } = work;
  const { device } = work.plan;
  const fail = async (reason: CloseReason, error: SallyportError): Promise<never> => {
    await ports.tunnels.close(tunnel.id, reason, { now: ports.clock.now() });
    ports.hub.ended({ ...work.entry, code: reason });
    throw error;
  };
  let delivery: Delivery;
  try {
    delivery = await sendOpen(ports, { tunnel, device, pins: work.pins });
  } catch (cause) {
    return fail('unanswered', new SallyportError('unavailable', { detail: 'the command could not be sent', cause }));
  }
  switch (delivery) {
    case 'offline':
      return fail('device_offline', new SallyportError('device_offline', { extra: lastSeen(device) }));
    case 'silent':
      return fail('device_silent', new SallyportError('device_silent', { extra: lastSeen(device) }));
    case 'published':
      return tunnel;
    case 'acknowledged': {
      // Lost means that the relay was faster: the row that stands is newer than ours.
      const outcome = await ports.tunnels.acknowledge(tunnel.id);
      return outcome.row ?? tunnel;
    }
  }
};

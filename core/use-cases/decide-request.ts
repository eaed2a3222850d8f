import { SallyportError } from '../errors.ts';
import type { Device } from '../model/device.ts';
import { newDevice } from '../model/device-hello.ts';
import { decideAccess, type Grant, maySee } from '../model/grant.ts';
import { liveCount, quotas } from '../model/quota.ts';
import { findService, type Service } from '../model/service.ts';
import type { Tunnel } from '../model/tunnel.ts';
import { type TunnelRequest, ttl } from '../wire/api.ts';

/** What was read for one request; all of it is read for every request, so that time tells nothing of what exists. */
export type RequestFacts = {
  readonly grants: readonly Grant[];
  readonly device: Device | undefined;
  readonly ofOperator: readonly Tunnel[];
  readonly ofDevice: readonly Tunnel[];
};

export type RequestPlan = {
  readonly device: Device;
  readonly service: Service;
  readonly ttlSeconds: number;
  readonly grants: readonly string[];
  readonly logins: readonly string[];
};

/**
 * Pure: may this be opened, and how? Throws the refusal. Without any grant to the device it is `not_found`, whether or
 * not there is such a device; with one, it is the real reason.
 */
export const decideRequest = (
  deviceId: string,
  request: TunnelRequest,
  facts: RequestFacts,
  now: number,
): RequestPlan => {
  // Grants by id pattern may reach a device without a row; those by attribute cannot.
  const device = facts.device ?? newDevice(deviceId);
  if (!maySee(facts.grants, device, now)) throw new SallyportError('not_found');
  const wanted = request.service ?? request.port ?? '';
  // By name the grant is asked first, so that names outside it stay unknown; a port must be found to have a name.
  if (typeof wanted === 'string' && !decideAccess(facts.grants, device, wanted, now).allowed)
    throw new SallyportError('service_not_granted');
  if (device.frozen) throw new SallyportError('device_frozen');
  // A stock client may be known by an administrator's word alone.
  const isKnown = device.helloAt !== undefined || device.stockKeys.length > 0;
  if (!isKnown || (request.deliver && device.clientId === undefined)) throw new SallyportError('device_unknown_agent');
  const service = findService(device.services, wanted);
  if (service === undefined) throw new SallyportError('unknown_service');
  const access = decideAccess(facts.grants, device, service.name, now);
  if (!access.allowed) throw new SallyportError('service_not_granted');

  const ttlSeconds = request.ttlSeconds ?? Math.min(ttl.default, access.maxSeconds);
  if (ttlSeconds > access.maxSeconds)
    throw new SallyportError('not_granted', {
      pointer: '/ttlSeconds',
      detail: `the grants allow at most ${access.maxSeconds} seconds`,
    });
  if (request.plainTcp && !access.plainTcp)
    throw new SallyportError('not_granted', { pointer: '/plainTcp', detail: 'no grant allows plain TCP by port' });
  requireEveryone(request.allow ?? [], access.everyone);

  if (liveCount(facts.ofOperator, now) >= quotas.operator.live)
    throw new SallyportError('quota_exceeded', { detail: `an operator has at most ${quotas.operator.live} tunnels` });
  if (liveCount(facts.ofDevice, now) >= quotas.device.live)
    throw new SallyportError('quota_exceeded', { detail: `a device has at most ${quotas.device.live} tunnels` });
  return { device, service, ttlSeconds, grants: access.grants, logins: access.logins };
};

/** "everyone" on an allow list needs a grant that says so. */
export const requireEveryone = (allow: readonly string[], granted: boolean): void => {
  const index = allow.indexOf('everyone');
  if (index >= 0 && !granted)
    throw new SallyportError('not_granted', { pointer: `/allow/${index}`, detail: 'no grant allows everyone' });
};

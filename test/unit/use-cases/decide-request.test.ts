import { SallyportError } from '../../../core/errors.ts';
import type { Device } from '../../../core/model/device.ts';
import { newDevice } from '../../../core/model/device-hello.ts';
import type { Grant } from '../../../core/model/grant.ts';
import type { Tunnel } from '../../../core/model/tunnel.ts';
import { decideRequest, type RequestFacts } from '../../../core/use-cases/decide-request.ts';
import { tunnelRequestSchema } from '../../../core/wire/api.ts';
import { deviceId, operatorId, otherId, startOfTime } from './world.ts';

const now = startOfTime;
const device: Device = {
  ...newDevice(deviceId),
  clientId: deviceId,
  helloAt: now - 1_000,
  attributes: { site: 'north' },
  services: [
    { name: 'ssh', scheme: 'ssh', port: 22 },
    { name: 'web', scheme: 'http', port: 80 },
  ],
};
const grant: Grant = {
  id: 'grantgrantgrantg',
  principal: 'group:field',
  devices: 'pump-*',
  attributes: {},
  services: ['ssh'],
  logins: ['root'],
  maxSeconds: 7_200,
  plainTcp: false,
  everyone: false,
  createdAt: now,
  createdBy: otherId,
};
const tunnel = (index: number, part: Partial<Tunnel> = {}): Tunnel => ({
  id: String(index).padStart(16, 'a'),
  device: deviceId,
  service: 'ssh',
  scheme: 'ssh',
  operator: operatorId,
  origin: 'api',
  state: 'open',
  createdAt: now,
  endsAt: now + 60_000,
  idleSeconds: 0,
  allow: [],
  plainTcp: false,
  epoch: 1,
  ...part,
});
const tunnels = (count: number, part: Partial<Tunnel> = {}) =>
  Array.from({ length: count }, (_, index) => tunnel(index, part));

const decide = (facts: Partial<RequestFacts>, request: Record<string, unknown> = { service: 'ssh' }) => {
  try {
    return decideRequest(
      deviceId,
      tunnelRequestSchema.parse(request),
      { grants: [grant], device, ofOperator: [], ofDevice: [], ...facts },
      now,
    );
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { refused: [error.code, error.pointer].filter(Boolean).join(' ') };
  }
};

describe('what is refused, and why', () => {
  test.each<[string, Partial<RequestFacts>, Record<string, unknown> | undefined, string]>([
    ['no grant at all', { grants: [] }, undefined, 'not_found'],
    ['no grant, and no such device either', { grants: [], device: undefined }, undefined, 'not_found'],
    ['a grant to other devices', { grants: [{ ...grant, devices: 'valve-*' }] }, undefined, 'not_found'],
    [
      'a grant for another attribute',
      { grants: [{ ...grant, attributes: { site: 'south' } }] },
      undefined,
      'not_found',
    ],
    ['a grant that has ended', { grants: [{ ...grant, endsAt: now }] }, undefined, 'not_found'],
    ['a grant to another service', { grants: [{ ...grant, services: ['web'] }] }, undefined, 'service_not_granted'],
    ['the same, by port', { grants: [{ ...grant, services: ['web'] }] }, { port: 22 }, 'service_not_granted'],
    ['a name outside the grants tells nothing', {}, { service: 'db' }, 'service_not_granted'],
    ['no such service', { grants: [{ ...grant, services: ['*'] }] }, { service: 'db' }, 'unknown_service'],
    ['no service at this port', {}, { port: 5432 }, 'unknown_service'],
    ['a frozen device', { device: { ...device, frozen: true } }, undefined, 'device_frozen'],
    ['a device that nobody has heard of', { device: undefined }, undefined, 'device_unknown_agent'],
    ['attributes, but never a hello', { device: newDevice(deviceId) }, undefined, 'device_unknown_agent'],
    ['more time than granted', {}, { service: 'ssh', ttlSeconds: 7_201 }, 'not_granted /ttlSeconds'],
    ['plain TCP without a grant', {}, { service: 'ssh', plainTcp: true }, 'not_granted /plainTcp'],
    ['everyone without a grant', {}, { service: 'ssh', allow: ['192.0.2.1/32', 'everyone'] }, 'not_granted /allow/1'],
    ['fifty of one operator', { ofOperator: tunnels(50) }, undefined, 'quota_exceeded'],
    ['twenty of one device', { ofDevice: tunnels(20) }, undefined, 'quota_exceeded'],
  ])('%s', (_, facts, request, refused) => {
    expect(decide(facts, request)).toEqual({ refused });
  });

  test('ended and closed tunnels count for no quota, however late their rows go', () => {
    const ended = [...tunnels(60, { endsAt: now }), ...tunnels(60, { state: 'closed' })];
    expect(decide({ ofOperator: ended, ofDevice: ended })).toHaveProperty('service.name', 'ssh');
  });
});

describe('what is allowed', () => {
  test.each([
    [{ service: 'ssh' }, 3_600],
    [{ port: 22 }, 3_600],
    [{ service: 'ssh', ttlSeconds: 7_200 }, 7_200],
  ])('%j lives %d seconds', (request, ttlSeconds) => {
    expect(decide({}, request)).toMatchObject({ ttlSeconds, logins: ['root'], grants: [grant.id] });
  });

  test('a request without a time to live takes what the grant allows', () => {
    expect(decide({ grants: [{ ...grant, maxSeconds: 600 }] })).toHaveProperty('ttlSeconds', 600);
  });

  test('what one grant refuses another may allow', () => {
    const wide = { ...grant, id: 'widewidewidewide', plainTcp: true, everyone: true };
    const request = { service: 'ssh', plainTcp: true, allow: ['everyone'] };
    expect(decide({ grants: [grant, wide] }, request)).toHaveProperty('grants', [grant.id, wide.id]);
  });

  test('a stock client that is told by other means needs no client id', () => {
    const { clientId: _clientId, ...stock } = device;
    expect(decide({ device: stock })).toMatchObject({ refused: 'device_unknown_agent' });
    expect(decide({ device: stock }, { service: 'ssh', deliver: false })).toHaveProperty('service.port', 22);
  });

  test('nor a hello, once an administrator has registered its key', () => {
    const { clientId: _clientId, helloAt: _helloAt, ...unheard } = device;
    const key = { fingerprint: 'SHA256:x', publicKey: 'ssh-ed25519 x', addedAt: now };
    const request = { service: 'ssh', deliver: false };
    expect(decide({ device: unheard }, request)).toMatchObject({ refused: 'device_unknown_agent' });
    expect(decide({ device: { ...unheard, stockKeys: [key] } }, request)).toHaveProperty('service.port', 22);
    expect(decide({ device: { ...unheard, stockKeys: [key] } })).toMatchObject({ refused: 'device_unknown_agent' });
  });
});

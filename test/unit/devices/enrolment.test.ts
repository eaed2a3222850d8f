import type { Device } from '../../../core/model/device.ts';
import { newDevice } from '../../../core/model/device-hello.ts';
import { decideEnrolment, type Enrolment, type EnrolmentFacts } from '../../../core/model/enrolment.ts';
import { judgeRevocation } from '../../../core/model/revocation.ts';
import { admitDevice } from '../../../core/use-cases/admit-device.ts';
import { lostCertificate } from '../../../lambdas/device-revoked.ts';
import { respond } from '../../../lambdas/provisioning-hook.ts';
import { codeOf, createWorld, startOfTime } from '../use-cases/world.ts';

const [one, two, claim, otherClaim] = ['1', '2', 'c', 'd'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
const at = startOfTime;
const hour = 3_600_000;
const leave = (parts: Partial<Enrolment> = {}): Enrolment => ({ endsAt: at + hour, replace: false, ...parts });
const listed = (parts: Partial<Enrolment> = {}, device: Partial<Device> = {}): Device => ({
  ...newDevice('press-1'),
  enrolment: leave(parts),
  ...device,
});
const facts = (parts: Partial<EnrolmentFacts> = {}): EnrolmentFacts => ({
  certificate: one,
  claim,
  active: [],
  at,
  ...parts,
});

test.each<[string, Device | undefined, EnrolmentFacts, string]>([
  ['a device nobody listed', undefined, facts(), 'not_listed'],
  ['a known device without leave', newDevice('press-1'), facts(), 'not_listed'],
  ['a frozen one, listed or not', listed({}, { frozen: true }), facts(), 'device_frozen'],
  ['leave that ends now', listed({ endsAt: at }), facts(), 'leave_ended'],
  ['leave for another claim', listed({ claim: otherClaim }), facts(), 'other_claim'],
  ['leave that another certificate took', listed({ takenBy: two }), facts(), 'leave_taken'],
  ['a device that has an active certificate', listed(), facts({ active: [two] }), 'still_active'],
  ['the same with replacing leave that is taken', listed({ replace: true, takenBy: two }), facts(), 'leave_taken'],
])('%s is refused', (_, device, given, code) => {
  expect(decideEnrolment(device, given)).toEqual({ ok: false, lost: code });
});

test.each<[string, Device, EnrolmentFacts, readonly string[]]>([
  ['a listed device', listed(), facts(), []],
  ['one that comes by its claim', listed({ claim }), facts(), []],
  ['the last moment', listed({ endsAt: at + 1 }), facts(), []],
  ['the same certificate again, when an answer got lost', listed({ takenBy: one }), facts({ active: [one] }), []],
  ['one whose certificate may be replaced', listed({ replace: true }), facts({ active: [two, one] }), [two]],
])('%s is admitted', (_, device, given, retire) => {
  const enrolment = { ...device.enrolment, takenBy: one };
  expect(decideEnrolment(device, given)).toEqual({ ok: true, enrolment, retire });
});

test.each([
  ['the last one of a device', newDevice('d'), [], 'freeze'],
  ['one beside another', newDevice('d'), [two], 'forget_keys'],
  ['one that is active again', newDevice('d'), [two, one], 'stands'],
  ['one whose attachment was only changed', newDevice('d'), [one], 'stands'],
  ['one that fleet provisioning is replacing', listed({ takenBy: two }), [], 'forget_keys'],
  ['the one that came by fleet provisioning itself', listed({ takenBy: one }), [], 'freeze'],
  ['one that was replaced long ago', listed({ takenBy: two, endsAt: at }), [], 'freeze'],
] as const)('news of %s: %s', (_, device, active, verdict) => {
  expect(judgeRevocation(device, { certificate: one, active, at })).toBe(verdict);
});

const told = (eventName: string, requestParameters: object | null, parts: object = {}) => ({
  detail: { eventName, requestParameters, ...parts },
});
const arn = `arn:aws:iot:eu-west-1:111122223333:cert/${one}`;
test.each([
  [told('UpdateCertificate', { certificateId: one, newStatus: 'REVOKED' }), { certificate: one }],
  [told('UpdateCertificate', { certificateId: one, newStatus: 'INACTIVE' }), { certificate: one }],
  [told('DetachThingPrincipal', { thingName: 'd', principal: arn }), { certificate: one, device: 'd' }],
  [told('UpdateCertificate', { certificateId: one, newStatus: 'ACTIVE' }), undefined],
  [told('UpdateCertificate', { certificateId: one, newStatus: 'REVOKED' }, { errorCode: 'AccessDenied' }), undefined],
  [told('DetachThingPrincipal', { thingName: 'd', principal: 'eu-west-1:cognito' }), undefined],
  [told('DeleteThing', { thingName: 'd' }), undefined],
  [told('UpdateCertificate', null), undefined],
])('CloudTrail tells of a lost certificate: %#', (event, lost) => {
  expect(lostCertificate(event)).toEqual(lost);
});

describe('the hook', () => {
  const open = () => {
    const world = createWorld();
    const retired: string[] = [];
    const attached = new Map<string, readonly { readonly id: string; readonly active: boolean }[]>();
    const things = {
      certificatesOf: async (device: string) => attached.get(device) ?? [],
      retire: async (certificate: string, how: string) => {
        world.order.push(`retire ${how}`);
        retired.push(certificate);
      },
    };
    return { ...world, ports: { ...world.ports, things }, retired, attached };
  };
  const event = (parts: object = {}) => ({
    claimCertificateId: claim,
    certificateId: one,
    certificatePem: 'pem',
    templateArn: 'arn:aws:iot:eu-west-1:111122223333:provisioningtemplate/sallyport-devices',
    clientId: '.claim.press-1',
    parameters: { SerialNumber: 'press-1' },
    ...parts,
  });

  test('says no without leave, and leaves a record', async () => {
    const { ports, entries } = open();
    expect(await respond(ports, event())).toEqual({ allowProvisioning: false });
    await ports.hub.settle();
    expect(entries()).toMatchObject([
      {
        kind: 'refused',
        action: 'device.enrol',
        device: 'press-1',
        code: 'not_listed',
        facts: { certificate: one, claim },
      },
    ]);
    expect(await ports.devices.get('press-1')).toBeUndefined();
  });

  test('records, takes the leave, then deactivates what the new certificate replaces', async () => {
    const { ports, entries, order, retired, attached } = open();
    await ports.devices.change('press-1', { enrolment: leave({ replace: true }) });
    attached.set('press-1', [
      { id: two, active: true },
      { id: otherClaim, active: false },
    ]);
    expect(await respond(ports, event())).toEqual({ allowProvisioning: true });
    expect(entries()).toMatchObject([{ kind: 'changed', action: 'device.enrol', facts: { replaces: two } }]);
    expect(retired).toEqual([two]);
    expect(order.at(-1)).toBe('retire inactive');
    expect(await ports.devices.get('press-1')).toMatchObject({ enrolment: { takenBy: one } });
    // Taken: the next one is refused, the same one is not.
    expect(await respond(ports, event({ certificateId: two }))).toEqual({ allowProvisioning: false });
    expect(await respond(ports, event())).toEqual({ allowProvisioning: true });
  });

  test('of two that come at once with one serial number, one gets it', async () => {
    const { ports } = open();
    await ports.devices.change('press-1', { enrolment: leave() });
    const answers = await Promise.all([one, two].map((certificateId) => respond(ports, event({ certificateId }))));
    expect(answers.filter(({ allowProvisioning }) => allowProvisioning)).toHaveLength(1);
  });

  test('admits nobody while it cannot be recorded', async () => {
    const { ports, mood } = open();
    await ports.devices.change('press-1', { enrolment: leave() });
    mood.audit = false;
    expect(await codeOf(admitDevice(ports, { device: 'press-1', certificate: one, claim }))).toBe('unavailable');
    expect((await ports.devices.get('press-1'))?.enrolment).not.toHaveProperty('takenBy');
  });

  test.each([
    event({ parameters: {} }),
    event({ parameters: { SerialNumber: 'x'.repeat(129) } }),
    event({ certificateId: 'abc' }),
    event({ claimCertificateId: undefined }),
    'text',
  ])('refuses what AWS IoT would not send: %#', async (given) => {
    expect(await codeOf(respond(open().ports, given))).toBe('invalid_request');
  });

  test.each(['pump 7', '../pump', 'pump#site', ''])(
    'a serial number that is no thing name is refused: %j',
    async (serial) => {
      expect(await respond(open().ports, event({ parameters: { SerialNumber: serial } }))).toEqual({
        allowProvisioning: false,
      });
    },
  );
});

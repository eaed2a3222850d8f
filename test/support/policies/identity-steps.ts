import { randomUUID } from 'node:crypto';
import { createDynamoDevices } from '../../../adapters/dynamodb/devices.ts';
import { enrol } from '../../../local/system/local-device.ts';
import { setCertificateStatus } from '../certificate-status.ts';
import { makeClaim, provisionByClaim } from '../claim.ts';
import { eventually } from '../eventually.ts';
import type { Stage } from './actors.ts';
import { expectStatus, type Step } from './step.ts';

/** As long as a trial waits for a step. */
const stepMilliseconds = 4_000;

/** How devices get their identity from a claim, and how they lose it. */
export const identitySteps = (stage: Stage): readonly Step[] => {
  const { system } = stage;
  const { ada, plane } = system;
  const devices = createDynamoDevices(stage.bare('devices'));
  const newName = () => `identity-${randomUUID()}`;
  const change = async (id: string, body: object) =>
    expectStatus(await ada.call('PATCH', `/v1/devices/${id}`, body), 200);

  const provision = (name: string, before: (id: string) => Promise<void>): Step => ({
    name,
    ready: async () => {
      const id = newName();
      const claim = await makeClaim(system);
      await before(id);
      return {
        act: async () => {
          const provisioned = await provisionByClaim(system, claim, id);
          if (!provisioned.ok) throw new Error(`it was refused: ${provisioned.errorCode}`);
        },
      };
    },
  });

  const revoke = (name: string, before: (id: string) => Promise<void>): Step => ({
    name,
    ready: async () => {
      const id = newName();
      await before(id);
      return { act: async () => expectStatus(await ada.call('POST', `/v1/devices/${id}/revocation`), 200) };
    },
  });

  const known = async (id: string): Promise<void> => {
    await enrol(system, id);
    await change(id, { attributes: {} });
  };

  return [
    provision('a device comes by its claim', (id) => change(id, { enrolment: {} })),
    provision('a device comes by its claim once more, for another certificate', async (id) => {
      await enrol(system, id);
      await change(id, { enrolment: { replace: true } });
    }),
    revoke('a device is revoked', known),
    revoke('a device is revoked that never said a word', async () => undefined),
    {
      name: 'a certificate is deactivated in AWS IoT itself',
      shows: /FunctionsDeviceRevoked/,
      ready: async () => {
        const id = newName();
        await known(id);
        const principal = plane.devices.principalsOf(id)[0]?.principal ?? '';
        return {
          act: async () => {
            await setCertificateStatus(system, principal.slice(principal.lastIndexOf('/') + 1), 'INACTIVE');
            const look = async () => ((await devices.get(id))?.frozen === true ? true : undefined);
            await eventually(look, 'a frozen device', stepMilliseconds);
          },
        };
      },
    },
  ];
};

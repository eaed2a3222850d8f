import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createIotControlClient } from '../../../adapters/iot/control-client.ts';
import { adoptDevice } from '../../../cli/fleet/adopt-device.ts';
import { openDeviceFolder } from '../../../cli/fleet/device-folder.ts';
import { enrolDevice } from '../../../cli/fleet/enrol-device.ts';
import { attachPolicyToGroup, thingsOfGroup } from '../../../cli/fleet/thing-group.ts';
import { devicePolicy, deviceThingType } from '../../../core/names.ts';
import { roleClient } from '../role-client.ts';
import type { Stage } from './actors.ts';
import type { Step } from './step.ts';

/** What the commands for a fleet do in the name of its role. */
export const fleetSteps = (stage: Stage): readonly Step[] => {
  const { system } = stage;
  const { devices, outputs, place, roles } = system.plane;

  const asFleet = () => {
    const role = Object.values(outputs).find((values) => 'FleetRole' in values)?.FleetRole;
    const variables = roles.variables(String(role), 'fleet');
    return createIotControlClient(roleClient(variables, place.region));
  };
  /** A thing that somebody made before us, with a certificate that others could share. */
  const thing = async (thingName: string): Promise<string> => {
    const { certificate } = await system.authority.issueDevice(thingName.slice(0, 64));
    return devices.add({
      thingName,
      thingTypeName: deviceThingType,
      certificatePem: certificate,
      policyName: devicePolicy,
      attachment: 'NON_EXCLUSIVE_THING',
    });
  };

  return [
    {
      name: 'a thing whose certificate is no longer good is enrolled',
      ready: async () => {
        const device = `fleet-${randomUUID()}`;
        devices.setCertificateStatus(await thing(device), 'INACTIVE');
        const folder = openDeviceFolder(join(system.directory, 'fleet'), device);
        const client = asFleet();
        return {
          act: async () => {
            const outcome = await enrolDevice(client, { device, attributes: {} }, folder);
            if (outcome !== 'enrolled') throw new Error(`it is ${outcome}`);
          },
          after: async () => client.destroy(),
        };
      },
    },
    {
      name: 'a group of things is adopted',
      ready: async () => {
        const group = `group-${randomUUID()}`;
        const name = `fleet-${randomUUID()}`;
        await thing(name);
        devices.createGroup(group);
        devices.addToGroup(group, name);
        const client = asFleet();
        return {
          act: async () => {
            await attachPolicyToGroup(client, group);
            for await (const one of thingsOfGroup(client, group)) {
              const outcome = await adoptDevice(client, one, false);
              if (outcome !== 'exclusive') throw new Error(`it is ${outcome}`);
            }
          },
          after: async () => client.destroy(),
        };
      },
    },
  ];
};

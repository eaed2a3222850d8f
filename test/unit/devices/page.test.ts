import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPace } from '../../../cli/fleet/paced.ts';
import type { EnrolmentRefusal } from '../../../core/model/enrolment.ts';
import {
  agentClientId,
  claimClientId,
  claimPolicy,
  devicePolicy,
  provisioningTemplate,
  provisioningTopics,
  serialParameter,
} from '../../../core/names.ts';
import { deviceChangeSchema } from '../../../core/wire/api.ts';

const page = readFileSync(join(process.cwd(), 'docs/devices.md'), 'utf8');
const refusals: Readonly<Record<EnrolmentRefusal, true>> = {
  not_listed: true,
  device_frozen: true,
  leave_ended: true,
  leave_taken: true,
  other_claim: true,
  still_active: true,
};

test.each([
  ...Object.keys(refusals),
  devicePolicy,
  claimPolicy,
  provisioningTemplate,
  claimClientId('<serial>'),
  agentClientId('<thing>'),
  provisioningTopics.createFromCsr,
  provisioningTopics.provision(provisioningTemplate),
  'device.enrol',
])('the page of devices names `%s`', (word) => {
  expect(page).toContain(`\`${word}\``);
});

test('its numbers and messages are those of the code', () => {
  expect(page).toContain(`go at ${defaultPace.perSecond} devices a second`);
  expect(page).toContain(`"${serialParameter}"`);
  const [longest] = [128 - agentClientId('').length];
  expect(page).toContain(`longer than ${longest} characters`);
  for (const [, body = ''] of page.matchAll(/`PATCH[^`]*` with `(\{[^`]+\})`/g))
    expect(deviceChangeSchema.safeParse(JSON.parse(body.replace('<certificateId>', 'c'.repeat(64)))).success).toBe(
      true,
    );
});

test('files that it names exist', () => {
  const commands = [...page.matchAll(/npx tsx (cli\/[\w-]+\.ts)/g)].map(([, file = '']) => file);
  expect([...new Set(commands)].sort()).toEqual([
    'cli/adopt.ts',
    'cli/enrol.ts',
    'cli/fleet-report.ts',
    'cli/revoke.ts',
  ]);
  for (const file of commands) expect(readFileSync(join(process.cwd(), file), 'utf8')).toContain(`npx tsx ${file}`);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { problemOf, SallyportError } from '../../core/errors.ts';
import { newDevice } from '../../core/model/device-hello.ts';
import type { Tunnel } from '../../core/model/tunnel.ts';
import {
  deviceChangeSchema,
  grantSchema,
  keyRegistrationSchema,
  mqttRequestSchema,
  tunnelChangeSchema,
  tunnelRequestSchema,
} from '../../core/wire/api.ts';
import { commandSchema } from '../../core/wire/command.ts';
import { deviceEventSchema, ingestedEventSchema, ingestedRequestSchema } from '../../core/wire/device-event.ts';
import { passSchema } from '../../core/wire/door.ts';
import { jumpRequestSchema } from '../../core/wire/jump-request.ts';
import { knownHostsOf } from '../../core/wire/known-hosts.ts';
import { tunnelView } from '../../core/wire/tunnel-view.ts';

/** Recorded examples of every message. They change only with the protocol's version: both ends may be years apart. */
const folder = join(process.cwd(), 'test/wire/messages');
const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

const schemas: Readonly<Record<string, z.ZodType>> = {
  command: commandSchema,
  'device-event': deviceEventSchema,
  'ingested-event': ingestedEventSchema,
  'ingested-request': ingestedRequestSchema,
  'mqtt-request': mqttRequestSchema,
  'api.tunnel-request': tunnelRequestSchema,
  'api.tunnel-change': tunnelChangeSchema,
  'api.device-change': deviceChangeSchema,
  'api.key-registration': keyRegistrationSchema,
  'api.grant': grantSchema,
  jump: jumpRequestSchema,
  door: passSchema,
};
const schemaOf = (name: string) => schemas[name] ?? schemas[name.split('.')[0] ?? ''];
const checked = names.filter((name) => schemaOf(name) !== undefined);
/** What a rule adds is AWS's to extend. */
const strict = checked.filter((name) => !name.startsWith('ingested'));

test('every schema has an example', () => {
  for (const schema of Object.values(schemas)) expect(checked.map(schemaOf)).toContain(schema);
  const types = (schema: typeof commandSchema | typeof deviceEventSchema) =>
    schema.options.map((option) => option.shape.type.value);
  for (const [prefix, schema] of [
    ['command', commandSchema],
    ['device-event', deviceEventSchema],
  ] as const)
    for (const type of types(schema)) expect(names).toContain(`${prefix}.${type}`);
});

test.each(checked)('%s reads as it is written', (name) => {
  expect(schemaOf(name)?.parse(read(name))).toEqual(read(name));
});

test.each(strict)('%s with a field that nobody knows is refused', (name) => {
  expect(schemaOf(name)?.safeParse({ ...read(name), surprise: 1 }).success).toBe(false);
});

test.each(strict.filter((name) => 'v' in read(name)))('%s of another version is refused', (name) => {
  expect(schemaOf(name)?.safeParse({ ...read(name), v: 2 }).success).toBe(false);
});

test('what rules hand over holds the messages themselves', () => {
  const payload = (name: string) => JSON.parse(Buffer.from(String(read(name).payload), 'base64').toString());
  expect(payload('ingested-event.opened')).toEqual(read('device-event.opened'));
  expect(mqttRequestSchema.parse(payload('ingested-request.request')).device).toBe('pump-7');
});

describe('what is told to operators is what the code makes', () => {
  const domain = 'sallyport.example';
  const at = (text: string) => Date.parse(text);
  const row: Tunnel = {
    id: 'k3mq7x2vbn5tyhza',
    device: 'pump-7',
    service: 'ssh',
    scheme: 'ssh',
    operator: 'o4anwzm2kboipictxz4qaji3kl',
    origin: 'api',
    state: 'open',
    createdAt: at('2026-11-21T12:00:00Z'),
    endsAt: at('2026-11-21T13:00:00Z'),
    idleSeconds: 900,
    allow: ['203.0.113.9/32'],
    plainTcp: false,
    epoch: 1,
    holder: { serverId: 'rk2v5mq7xb', worker: 0 },
    confirmed: 'rk2v5mq7xb',
    port: 20_001,
    space: 'rk2v5mq7xb',
  };

  test('a tunnel', () => {
    expect(read('operator-event.tunnel')).toEqual({
      v: 1,
      type: 'tunnel',
      at: '2026-11-21T12:00:01.000Z',
      tunnel: tunnelView(row, domain, at('2026-11-21T12:00:01Z')),
    });
  });

  test('an accepted request', () => {
    const { holder: _holder, confirmed: _confirmed, port: _port, space: _space, ...fresh } = row;
    const { key } = deviceEventSchema.parse(read('device-event.hello')) as { readonly key: string };
    const device = { ...newDevice('pump-7'), hostKeys: [key] };
    expect(read('operator-event.accepted').tunnel).toEqual({
      ...tunnelView({ ...fresh, state: 'opening', epoch: 0, allow: [] }, domain, row.createdAt),
      hostKeys: knownHostsOf(device, { domain, scheme: 'ssh', service: 'ssh', tunnel: row.id }),
      logins: ['root'],
    });
  });

  test('a refusal', () => {
    const error = new SallyportError('device_offline', { extra: { lastSeenAt: '2026-11-21T11:58:12.000Z' } });
    expect(read('operator-event.refused').problem).toEqual(problemOf(error));
  });
});

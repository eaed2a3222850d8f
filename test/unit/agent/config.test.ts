import { ConfigError, judgeAgentConfig } from '../../../agent/config.ts';
import { agentClientId } from '../../../core/names.ts';
import { agentConfig } from './fakes.ts';

const least = {
  device: 'pump-7',
  mqtt: { host: 'iot.example.com', certificate: 'device.pem', key: 'device.key' },
  services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
};
const parse = agentConfig;
const problemsOf = (value: unknown) => judgeAgentConfig(JSON.stringify(value)).problems;

describe('a config', () => {
  test('needs little and has safe defaults', () => {
    expect(parse(least)).toEqual({
      ...least,
      mqtt: { ...least.mqtt, port: 8_883, client: 'aws-crt', subscribe: false, keepAliveSeconds: 60 },
      services: [{ name: 'ssh', scheme: 'ssh', port: 22, host: '127.0.0.1', lan: false }],
      hostKeys: [],
      limits: { forwards: 20, channels: 64, bytesPerTunnel: 0 },
      relay: { tls: false, tlsPort: 443 },
      keyHours: 24,
    });
  });

  test('may name the client id that the device policy allows beside the thing name', () => {
    const clientId = agentClientId('pump-7');
    expect(parse({ ...least, clientId })).toMatchObject({ clientId });
  });

  test('tells every problem at once, each with where it is', () => {
    const problems = problemsOf({
      device: 'pump 7',
      clientId: 'x/y',
      mqtt: { host: 'h', port: 0, certificate: '', key: 'k', client: 'mosquitto', user: 'me' },
      services: [
        { name: 'SSH', scheme: 'ssh', port: 0, host: '8.8.8.8' },
        { name: 'web', scheme: 'gopher', port: 80, host: '10.0.0.1' },
        { name: 'web', scheme: 'http', port: 80, host: 5 },
        7,
      ],
      limits: { forwards: 0, channels: 5_000 },
      keyHours: 0,
      extra: true,
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      ...['device', 'clientId', 'mqtt.port', 'mqtt.certificate', 'mqtt.client', 'mqtt'],
      ...['services.0.name', 'services.0.port', 'services.0.host', 'services.1.scheme', 'services.1.host'],
      ...['services.2.host', 'services.3', 'services', 'limits.forwards', 'limits.channels', 'keyHours'],
      'this file',
    ]);
    expect(problems).toContain('services.0.host: 8.8.8.8 is a public address, which is never reachable');
    expect(problems).toContain('services.1.host: 10.0.0.1 is another machine on the LAN: add "lan": true to allow it');
    expect(problems).toContain('services: two services have the name web');
  });

  test.each([
    ['nothing', {}, ['device', 'mqtt', 'services']],
    ['a list', [], ['this file']],
    ['no services', { ...least, services: [] }, ['services']],
    [
      '33 services',
      { ...least, services: Array.from({ length: 33 }, (_, n) => ({ name: `s${n}`, scheme: 'tcp', port: 1 })) },
      ['services'],
    ],
    [
      'metadata',
      { ...least, services: [{ name: 'm', scheme: 'http', port: 80, host: '169.254.169.254', lan: true }] },
      ['services.0.host'],
    ],
    [
      'a host name',
      { ...least, services: [{ name: 'm', scheme: 'http', port: 80, host: 'printer', lan: true }] },
      ['services.0.host'],
    ],
    [
      'lan as text',
      { ...least, services: [{ name: 'm', scheme: 'http', port: 80, host: '10.0.0.1', lan: 'true' }] },
      ['services.0.lan', 'services.0.host'],
    ],
    ['a key alive for ever', { ...least, keyHours: 1e9 }, ['keyHours']],
    ['a short keep-alive', { ...least, mqtt: { ...least.mqtt, keepAliveSeconds: 5 } }, ['mqtt.keepAliveSeconds']],
  ])('%s is refused', (_what, value, where) => {
    expect(problemsOf(value).map((problem) => problem.split(':')[0])).toEqual(where);
  });

  test.each([
    ['is missing', { ...least, device: undefined }, 'device: is missing'],
    ['is of another kind', { ...least, services: {} }, 'services: must be a list: [...]'],
    [
      'is a text and should be a number',
      { ...least, services: [{ name: 'ssh', scheme: 'ssh', port: '22' }] },
      'services.0.port: must be a number without quotes',
    ],
    ['is a part of a number', { ...least, mqtt: { ...least.mqtt, port: 88.83 } }, 'mqtt.port: must be a whole number'],
    ['is too small', { ...least, mqtt: { ...least.mqtt, port: 0 } }, 'mqtt.port: must be at least 1'],
    ['is too large', { ...least, limits: { forwards: 101 } }, 'limits.forwards: must be at most 100'],
    ['is empty', { ...least, mqtt: { ...least.mqtt, key: '' } }, 'mqtt.key: must not be empty'],
    ['is too long', { ...least, hostKeys: ['x'.repeat(4_097)] }, 'hostKeys.0: must have at most 4096 characters'],
    ['has no entry', { ...least, services: [] }, 'services: must have at least one entry'],
    ['has too many', { ...least, hostKeys: Array(9).fill('x') }, 'hostKeys: must have at most 8 entries'],
    [
      'is none of the words',
      { ...least, services: [{ name: 'ssh', scheme: 'SSH', port: 22 }] },
      'services.0.scheme: must be one of ssh, http, https, tcp',
    ],
    [
      'is not known',
      { ...least, limits: { chanels: 3 } },
      'limits: has no field chanels; it knows forwards, channels, bytesPerTunnel',
    ],
    [
      'is a URL',
      { ...least, mqtt: { ...least.mqtt, host: 'mqtts://iot.example.com:8883' } },
      'mqtt.host: must be a host name alone, without scheme, port or path',
    ],
  ])('a field that %s is told with what would be right', (_what, value, problem) => {
    expect(problemsOf(value)).toEqual([problem]);
  });

  test('names its files even where it is wrong', () => {
    const value = { mqtt: { ...least.mqtt, authority: 7, user: 'me' }, hostKeys: ['a.pub', 5], colour: 'red' };
    expect(judgeAgentConfig(JSON.stringify(value)).named).toEqual({
      mqtt: { certificate: 'device.pem', key: 'device.key', authority: undefined },
      hostKeys: ['a.pub', undefined],
    });
    expect(judgeAgentConfig('7').named).toEqual({ mqtt: {}, hostKeys: [] });
  });

  test('that is not JSON says so; a byte order mark is no reason', () => {
    expect(judgeAgentConfig('{"device": ').problems).toEqual([expect.stringMatching(/^not JSON: ./)]);
    expect(judgeAgentConfig(`\uFEFF${JSON.stringify(least)}`).problems).toEqual([]);
  });

  test('cannot move a cursor by its words', () => {
    const error = new ConfigError('a\u001bb.json', problemsOf({ ...least, 'x\u001b[2Jy': 1 }));
    expect(error.message).toMatch(/^a\?b\.json is not usable:\n {2}this file: has no field x\?\[2Jy; it knows /);
  });
});

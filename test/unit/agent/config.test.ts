import { ConfigError, parseAgentConfig } from '../../../agent/config.ts';
import { agentClientId } from '../../../core/names.ts';

const least = {
  device: 'pump-7',
  mqtt: { host: 'iot.example.com', certificate: 'device.pem', key: 'device.key' },
  services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
};
const parse = (value: unknown) => parseAgentConfig(JSON.stringify(value), 'agent.json');
const problemsOf = (value: unknown): readonly string[] => {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('a config', () => {
  test('needs little and has safe defaults', () => {
    expect(parse(least)).toEqual({
      ...least,
      mqtt: { ...least.mqtt, port: 8_883, client: 'aws-crt', subscribe: false, keepAliveSeconds: 60 },
      services: [{ name: 'ssh', scheme: 'ssh', port: 22, host: '127.0.0.1', lan: false }],
      hostKeys: [],
      limits: { forwards: 20, channels: 64, bytesPerTunnel: 0 },
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
      '(whole file)',
    ]);
    expect(problems).toContain('services.0.host: 8.8.8.8 is a public address, which is never reachable');
    expect(problems).toContain('services.1.host: 10.0.0.1 is another machine on the LAN: add "lan": true to allow it');
    expect(problems).toContain('services: two services have one name');
  });

  test.each([
    ['nothing', {}, ['device', 'mqtt', 'services']],
    ['a list', [], ['(whole file)']],
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

  test('that is not JSON says so, and its words cannot move a cursor', () => {
    expect(() => parseAgentConfig('{"device": \u001b[2J', 'a\u001bb.json')).toThrow(
      /^a\?b\.json is not usable:\n {2}not JSON: /,
    );
    expect(problemsOf({ ...least, 'x\u001b[2Jy': 1 }).join()).toContain('Unrecognized key');
    expect(() => parse({ ...least, 'x\u001b[2Jy': 1 })).toThrow('x?[2Jy');
  });
});

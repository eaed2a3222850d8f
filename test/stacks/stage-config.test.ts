import {
  parseStageConfig,
  proxyDomain,
  readStageConfig,
  relayHost,
  StageConfigError,
} from '../../infra/stage-config.ts';

const problemsOf = (value: unknown): readonly string[] => {
  try {
    parseStageConfig(value);
  } catch (error) {
    if (error instanceof StageConfigError) return error.problems;
    throw error;
  }
  throw new Error('it was taken');
};

test('the stages that come with the project are usable', () => {
  expect(readStageConfig('dev')).toMatchObject({ name: 'dev', tokens: { kind: 'cognito' }, delivery: 'direct' });
  expect(readStageConfig('local')).toMatchObject({ name: 'local', domain: 'sallyport.localhost' });
});

test('names its problems all at once, each with the remedy', () => {
  expect(
    problemsOf({
      name: 'Prod!',
      domain: 'https://x',
      tokens: { kind: 'oidc', issuer: 'http://id.example.com', audience: '', jwks: 'keys' },
      signInSeconds: 1,
      delivery: 'post',
      retention: { logDays: 2 },
      relay: { port: 0, hosts: [] },
      reserved: { waiting: 1_000 },
      extra: true,
    }),
  ).toEqual([
    'name: use 1 to 20 lower-case letters, digits and hyphens, a letter first',
    'domain: give a lower-case domain name, such as tunnels.example.com',
    'tokens.issuer: give a URL that starts with https:// (http:// only for the loopback address)',
    'tokens.audience: give the audience that stands in the tokens',
    'tokens.jwks: give a URL that starts with https:// (http:// only for the loopback address)',
    'signInSeconds: give 300 to 604800 seconds',
    'delivery: choose "direct" or "publish"',
    expect.stringMatching(/^retention\.logDays: give one of 1, 3, 5, 7/),
    'reserved.waiting: give at most 900: an account has 1000',
    'relay.port: give a port from 1 to 65535',
    'relay: remove hosts: there is no such field',
    'the file: remove extra: there is no such field',
  ]);
});

test('what is missing is asked for', () => {
  expect(problemsOf({})).toEqual(['name: give a string', 'tokens: give an object']);
  expect(problemsOf({ name: 'a', tokens: { kind: 'saml' } })).toEqual([
    'tokens.kind: choose kind "cognito", or "oidc" with issuer, audience, jwks',
  ]);
});

test('a stage that has no file, or a name that is no file name, is told apart', () => {
  expect(() => readStageConfig('nowhere')).toThrow('infra/stages/nowhere.json is not usable');
  expect(() => readStageConfig('../package')).toThrow('name the stage in lower case');
});

test('without a domain there are names all the same', () => {
  const config = parseStageConfig({ name: 'a', tokens: { kind: 'cognito' } });
  expect(proxyDomain(config)).toBe('sallyport.internal');
  expect(relayHost(config)).toBe('relay.sallyport.internal');
  expect(relayHost({ ...config, relay: { ...config.relay, host: '192.0.2.1' } })).toBe('192.0.2.1');
});

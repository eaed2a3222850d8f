import { admittedEntries, parseDockerfile } from '../../../containers/dockerfile.ts';

describe('a line of a Dockerfile', () => {
  test.each([
    ['ARG NODE_DIGEST', { kind: 'arg', name: 'NODE_DIGEST', preset: undefined }],
    ['ARG VERSION=development', { kind: 'arg', name: 'VERSION', preset: 'development' }],
    ['FROM node:24-slim AS build', { kind: 'from', image: 'node:24-slim', stage: 'build' }],
    ['FROM node:24-slim', { kind: 'from', image: 'node:24-slim', stage: undefined }],
    ['RUN ["sh", "a b.sh"]', { kind: 'run', command: ['sh', 'a b.sh'] }],
    ['ENTRYPOINT ["node", "x"]', { kind: 'entrypoint', command: ['node', 'x'] }],
    [
      'HEALTHCHECK --interval=30s --retries=3 CMD ["a"]',
      { kind: 'healthcheck', options: '--interval=30s --retries=3', command: ['a'] },
    ],
    ['WORKDIR /app', { kind: 'workdir', value: '/app' }],
    ['USER 1000:1000', { kind: 'user', value: '1000:1000' }],
    [
      'ENV NODE_OPTIONS=--max-semi-space-size=1',
      { kind: 'env', name: 'NODE_OPTIONS', value: '--max-semi-space-size=1' },
    ],
    ['LABEL a.b="two words"', { kind: 'label', name: 'a.b', value: 'two words' }],
    ['COPY . .', { kind: 'copy', stage: undefined, source: '.', target: '.' }],
    ['COPY --from=build /app ./', { kind: 'copy', stage: 'build', source: '/app', target: './' }],
  ])('%s', (line, instruction) => expect(parseDockerfile(line)).toEqual([instruction]));

  test('comments and empty lines say nothing', () => expect(parseDockerfile('# a\n\n  # b\n')).toEqual([]));

  test.each([
    ['RUN apt-get update', 'write the command as a JSON array'],
    ['RUN []', 'write the command as a JSON array'],
    ['RUN ["a", 1]', 'write the command as a JSON array'],
    ['ENTRYPOINT node x', 'write the command as a JSON array'],
    ['HEALTHCHECK NONE', 'give options and CMD'],
    ['FROM --platform=linux/arm64 node', 'give one image'],
    ['COPY a b c/', 'give one source and one target'],
    ['COPY --chown=node a b', 'give one source and one target'],
    ['ENV A=1 B=2', 'give one name=value'],
    ['ENV A 1', 'give one name=value'],
    ['ADD a b', 'not an instruction that can be tried'],
    ['VOLUME /data', 'not an instruction that can be tried'],
    ['run ["a"]', 'not an instruction that can be tried'],
    ['    "continued"]', 'not an instruction that can be tried'],
  ])('%s is refused', (line, why) => expect(() => parseDockerfile(line)).toThrow(why));
});

describe('a .dockerignore', () => {
  test('names what is let through', () =>
    expect(admittedEntries('# why\n*\n!core\n!a.json\n')).toEqual(['core', 'a.json']));

  test.each([
    ['core\n', 'must begin with *'],
    ['', 'must begin with *'],
    ['*\n!core/**\n', 'not the name of an entry'],
    ['*\nnode_modules\n', 'not the name of an entry'],
    ['*\n!..\\x\n', 'not the name of an entry'],
  ])('%j is refused', (text, why) => expect(() => admittedEntries(text)).toThrow(why));
});

import { keyOf, planDockerfile } from '../../../containers/plan.ts';

const text = `
ARG DIGEST
FROM base@\${DIGEST} AS build
RUN ["make"]
FROM base@\${DIGEST}
ARG VERSION=none
LABEL version="\${VERSION}"
ENV HOW=well
WORKDIR /app
COPY --from=build /out ./
USER 7:8
HEALTHCHECK --timeout=1s CMD ["ask"]
ENTRYPOINT ["go"]
`;

test('tells the stages, their images and what is done to files', () => {
  const [build, last] = planDockerfile(text, { DIGEST: 'sha256:1', VERSION: '2.0.0' });
  expect(build).toMatchObject({ image: 'base@sha256:1', steps: [{ does: { kind: 'run', command: ['make'] } }] });
  expect(last?.config).toEqual({
    environment: { HOW: 'well' },
    labels: { version: '2.0.0' },
    workdir: '/app',
    user: { uid: 7, gid: 8 },
    entrypoint: ['go'],
    health: { options: '--timeout=1s', command: ['ask'] },
  });
  expect(last?.steps.map(({ does }) => does)).toEqual([
    { kind: 'folder' },
    { kind: 'copy', from: keyOf(build), source: '/out', target: './' },
  ]);
});

test('an argument that is not given is its preset', () => {
  expect(planDockerfile(text, { DIGEST: 'x' })[1]?.config.labels).toEqual({ version: 'none' });
});

test('a step runs with what stands before it, not with what follows', () => {
  const [stage] = planDockerfile('FROM a\nENV A=1\nRUN ["x"]\nENV A=2\nUSER 1:1', {});
  expect(stage?.steps[0]?.config).toMatchObject({ environment: { A: '1' }, user: undefined });
});

describe('two steps have one key', () => {
  const key = (...lines: readonly string[]) => keyOf(planDockerfile(['FROM a', ...lines].join('\n'), {})[0]);
  const one = key('RUN ["x"]', 'RUN ["y"]');

  test('when they do the same to the same', () => expect(key('LABEL a=b', 'RUN ["x"]', 'RUN ["y"]')).toBe(one));

  test.each([
    ['another command', ['RUN ["x"]', 'RUN ["z"]']],
    ['something else before', ['RUN ["w"]', 'RUN ["y"]']],
    ['other variables', ['ENV A=1', 'RUN ["x"]', 'RUN ["y"]']],
    ['another user', ['USER 1:1', 'RUN ["x"]', 'RUN ["y"]']],
  ])('and not with %s', (_, lines) => expect(key(...lines)).not.toBe(one));

  test('and not with a copy from a stage that was made otherwise', () => {
    const copied = (command: string) =>
      keyOf(planDockerfile(`FROM a AS b\nRUN ["${command}"]\nFROM a\nCOPY --from=b /x /x`, {})[1]);
    expect(copied('x')).not.toBe(copied('y'));
  });
});

test.each([
  [`FROM base@\${DIGEST}`, {}, 'give --build-arg DIGEST'],
  [`ARG DIGEST\nFROM base@\${DIGEST}`, {}, 'give --build-arg DIGEST'],
  [`ARG A\nFROM base\nLABEL a=\${A}`, { A: '1' }, 'give --build-arg A'],
  ['FROM base', { DIGEST: 'x' }, 'no ARG of that name'],
  ['RUN ["x"]', {}, 'before the first FROM'],
  ['FROM base\nUSER node', {}, 'give numbers'],
  ['FROM base\nCOPY --from=other a b', {}, 'names no stage before'],
  ['FROM base AS me\nCOPY --from=me a b', {}, 'names no stage before'],
])('%j with %j is refused', (lines, given, why) => expect(() => planDockerfile(lines, given)).toThrow(why));

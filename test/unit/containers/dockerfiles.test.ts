import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { admittedEntries, parseDockerfile } from '../../../containers/dockerfile.ts';
import { planDockerfile } from '../../../containers/plan.ts';
import { checkImage } from '../../../containers/trial/base-image.ts';
import { projectRoot } from '../../../infra/project-root.ts';

const textOf = (name: string) => readFileSync(join(projectRoot, 'containers', name, 'Dockerfile'), 'utf8');
const digest = `sha256:${'a'.repeat(64)}`;

describe.each(['relay', 'router'])('the Dockerfile of the %s', (name) => {
  const instructions = parseDockerfile(textOf(name));
  const stages = planDockerfile(textOf(name), { NODE_DIGEST: digest, VERSION: '1.2.3' });
  const image = stages.at(-1);

  test('starts from Node 24 by a digest that must be given', () => {
    for (const one of instructions) if (one.kind === 'from') expect(one.image).toBe(`node:24-slim@\${NODE_DIGEST}`);
    expect(instructions[0]).toEqual({ kind: 'arg', name: 'NODE_DIGEST', preset: undefined });
    expect(() => planDockerfile(textOf(name), {})).toThrow('NODE_DIGEST');
    for (const stage of stages) expect(() => checkImage(stage.image)).not.toThrow();
  });

  test('is not root, and its process is the entry point itself', () => {
    expect(image?.config.user).toEqual({ uid: 1000, gid: 1000 });
    expect(image?.config.entrypoint).toEqual(['node', '/app/entry.mjs']);
  });

  test('asks the process for its health with the entry point', () => {
    expect(image?.config.health?.command).toEqual(['node', '/app/entry.mjs', '--health']);
  });

  test('has nothing from the context, nor from Debian, in the image itself', () => {
    const last = image?.steps.map(({ does }) => does) ?? [];
    expect(last.filter((does) => does.kind === 'copy' && does.from === undefined)).toEqual([]);
    expect(JSON.stringify(last)).not.toContain('apt-get');
  });

  test('says what it is, and its version', () => {
    expect(image?.config.labels).toMatchObject({
      'org.opencontainers.image.title': `Sallyport ${name}`,
      'org.opencontainers.image.version': '1.2.3',
    });
  });
});

test('both are the same but for the process and what it is', () => {
  const same = (name: string) =>
    textOf(name)
      .split('\n')
      .filter((line) => !line.includes('image.description'))
      .join('\n')
      .replaceAll(name, 'process');
  expect(same('relay')).toBe(same('router'));
});

test.each(['node:24-slim', `node:20-slim@${digest}`, `evil/node:24-slim@${digest}`, 'node:24-slim@sha256:12'])(
  'nothing here stands in for %s',
  (image) => expect(() => checkImage(image)).toThrow('expected node:24-slim'),
);

test('the context is sources and the lock file, and all of it is there', () => {
  const entries = admittedEntries(readFileSync(join(projectRoot, '.dockerignore'), 'utf8'));
  expect(entries.filter((entry) => !existsSync(join(projectRoot, entry)))).toEqual([]);
  expect(entries).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(\.|node_modules|dist|cdk|local|test)/)]),
  );
});

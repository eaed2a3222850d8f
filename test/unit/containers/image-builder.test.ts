import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planDockerfile } from '../../../containers/plan.ts';
import { groundNamed } from '../../../containers/trial/ground.ts';
import { ImageBuilder } from '../../../containers/trial/image-builder.ts';

const from = `FROM node:24-slim@sha256:${'0'.repeat(64)}`;
let folder: string;
let done: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-builder-'));
  done = [];
  for (const part of ['base/usr', 'context/core', 'trees', 'cache']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'base/usr/node'), 'of the base');
  writeFileSync(join(folder, 'context/core/a.ts'), 'a');
  writeFileSync(join(folder, 'context/package.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const builder = () =>
  new ImageBuilder({
    ground: groundNamed('plain', folder),
    base: join(folder, 'base'),
    context: join(folder, 'context'),
    folder: join(folder, 'trees'),
    network: { environment: {}, cache: join(folder, 'cache') },
    onStep: (what) => done.push(what),
  });
const build = (...texts: readonly string[]) => builder().build(texts.map((text) => planDockerfile(text, {})));
const read = (image: { readonly tree: string } | undefined, path: string) =>
  readFileSync(join(image?.tree ?? '', path), 'utf8');

test('copies as Docker does: of a folder what is in it, of a file the file', async () => {
  const [image] = await build(
    `${from}\nWORKDIR /source\nCOPY . .\nCOPY package.json ./deep/\nCOPY package.json named.json\nCOPY core /else`,
  );
  expect(read(image, 'source/core/a.ts')).toBe('a');
  expect(read(image, 'source/deep/package.json')).toBe('{}');
  expect(read(image, 'source/named.json')).toBe('{}');
  expect(read(image, 'else/a.ts')).toBe('a');
});

test('runs a command in its folder, with its variables, and means the image by absolute paths', async () => {
  const [image] = await build(
    `${from}\nENV WORD=hello\nWORKDIR /in\nRUN ["sh", "-c", "echo $WORD > here; mkdir $0", "/made"]`,
  );
  expect(read(image, 'in/here')).toBe('hello\n');
  expect(existsSync(join(image?.tree ?? '', 'made'))).toBe(true);
});

test('takes of another stage only what is copied', async () => {
  const [image] = await build(
    `${from} AS build\nRUN ["sh", "-c", "mkdir $0; echo x > $0/x", "/out"]\n${from}\nCOPY --from=build /out /app`,
  );
  expect(read(image, 'app/x')).toBe('x\n');
  expect(existsSync(join(image?.tree ?? '', 'out'))).toBe(false);
});

test('does once what two images have in common, and keeps them apart after it', async () => {
  const text = (name: string) =>
    `${from}\nRUN ["touch", "/common"]\nRUN ["touch", "/${name}"]\nRUN ["rm", "/usr/node"]`;
  const [one, other] = await build(text('one'), text('other'));
  expect(done.filter((what) => what === 'RUN touch /common')).toHaveLength(1);
  expect(existsSync(join(one?.tree ?? '', 'other'))).toBe(false);
  expect(existsSync(join(other?.tree ?? '', 'common'))).toBe(true);
  expect(existsSync(join(folder, 'base/usr/node'))).toBe(true);
});

test('refuses a step that writes into a file of another image', async () => {
  await expect(build(`${from}\nRUN ["sh", "-c", "echo more >> $0", "/usr/node"]`)).rejects.toThrow(
    'written into /usr/node',
  );
});

test('says which step failed, and what it said', async () => {
  await expect(build(`${from}\nRUN ["sh", "-c", "echo because >&2; exit 3"]`)).rejects.toThrow(
    /RUN sh -c .* ended with 3:\nbecause/,
  );
});

test('leaves out only what asks Debian, and tells it', async () => {
  const made = builder();
  await made.build([planDockerfile(`${from}\nRUN ["apt-get", "update"]\nRUN ["touch", "/x"]`, {})]);
  expect(made.skipped.map(({ command }) => command)).toEqual(['apt-get update']);
});

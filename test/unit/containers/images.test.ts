import { join } from 'node:path';
import { type Cloud, startCloud } from '../../../containers/trial/cloud.ts';
import { runInImage } from '../../../containers/trial/container.ts';
import { type BuiltImages, buildImages, containerNames } from '../../../containers/trial/images.ts';
import { tryContainer } from '../../../containers/trial/trial.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { preparedOnce } from '../../support/prepared-once.ts';

// Builds for real: both Dockerfiles, their packages from the registry or npm's cache, on Node 24.
const buildMilliseconds = 420_000;
const tryMilliseconds = 240_000;

let built: BuiltImages;
let cloud: Cloud;

beforeAll(async () => {
  // After each other: both take all cores, and a build that waits has a limit in npm.
  built = await buildImages({ root: projectRoot, version: '1.2.3' });
  cloud = await startCloud(join(built.folder, 'cloud'), await preparedOnce());
}, buildMilliseconds);

afterAll(async () => {
  await cloud?.close();
  built?.remove();
});

test.each(containerNames)(
  'the image of the %s does in the cloud what is asked of it',
  async (name) => {
    const findings = await tryContainer(built, name, cloud);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBeGreaterThanOrEqual(7);
  },
  tryMilliseconds,
);

test('nothing was left out but Debian packages', () => {
  expect(built.skipped.map(({ command }) => command.split(' ', 1)[0])).toEqual(['apt-get', 'apt-get']);
});

test.each(containerNames)('the %s runs on Node 24, with the packages of that process and no npm', async (name) => {
  const image = built.images[name];
  const has = `const { existsSync } = require('node:fs');
    console.log(JSON.stringify([process.versions.node.split('.')[0], process.env.NODE_ENV, ['ssh2', 'aws-crt', 'aws-cdk-lib'].map((name) => existsSync('/app/node_modules/' + name)), existsSync('/usr/local/bin/npm')]))`;
  const { out } = await runInImage(built.ground, image, ['node', '--eval', has]);
  if (built.ground.confines) expect(JSON.parse(out)).toEqual(['24', 'production', [true, false, false], false]);
  else expect(JSON.parse(out).slice(0, 2)).toEqual(['24', 'production']);
});

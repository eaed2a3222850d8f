import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnResource, type Stack } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { synthesize } from '../../infra/bin/synth.ts';
import { createApp } from '../../infra/sallyport-app.ts';
import { readStageConfig } from '../../infra/stage-config.ts';
import { placeholderAssets } from './stage.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'sallyport-assembly-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true });
});

const filesOf = (directory: string) =>
  readdirSync(directory)
    // The rest tells where in the sources each construct was made.
    .filter((file) => /\.(template|assets)\.json$/.test(file))
    .map((file) => [file, readFileSync(join(directory, file), 'utf8')] as const);

test.each(['small', 'standard', 'no-domain', 'own-oidc', 'two-regions', 'dev', 'local'])(
  'nothing is wrong with stage %s: schemas, house rules and AWS Solutions',
  (name) => {
    const assets = placeholderAssets();
    folders.push(assets);
    const { directory } = createApp({ config: readStageConfig(name), assets, outdir: folder() }).app.synth();
    const { pluginReports } = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
    // What is acknowledged stands in the reports too, apart.
    const violations = pluginReports.flatMap((report: { violations: readonly unknown[] }) => report.violations);
    expect(violations).toEqual([]);
  },
  120_000,
);

test('a finding stops the synthesis: the engines are really there', () => {
  const assets = placeholderAssets();
  folders.push(assets);
  const broken = (add: (stack: Stack) => void): string => {
    const { app, control } = createApp({ config: readStageConfig('local'), assets, outdir: folder() });
    add(control);
    try {
      app.synth();
    } catch (error) {
      return String(error);
    }
    return '';
  };
  const resource = (type: string, properties: object) => (stack: Stack) =>
    void new CfnResource(stack, 'Wrong', { type, properties: { ...properties } });
  expect(broken(resource('AWS::Lambda::Function', { Timeout: 5 }))).toMatch(/'Role' is a required property/);
  expect(broken(resource('AWS::Logs::LogGroup', {}))).toMatch(/LOG_KEPT_FOR_A_TIME/);
  expect(broken((stack) => void new CfnQueue(stack, 'Wrong'))).toMatch(/AwsSolutions-SQS/);
}, 120_000);

test('an assembly names neither account nor machine, and twice the same is the same', async () => {
  const assets = placeholderAssets();
  folders.push(assets);
  const first = await synthesize({ stage: 'local', assets, outdir: folder(), validate: false });
  const second = await synthesize({ stage: 'local', assets, outdir: folder(), validate: false });
  const files = filesOf(first);
  expect(files.map(([file]) => file)).toEqual(
    expect.arrayContaining([
      'sallyport-local-control.template.json',
      'sallyport-local-data.template.json',
      'sallyport-local-stateful.template.json',
    ]),
  );
  expect(filesOf(second)).toEqual(files);
  for (const [file, text] of files) {
    expect(text).not.toContain(tmpdir());
    if (file.endsWith('.template.json')) expect(text).not.toMatch(/\b\d{12}\b/);
  }
  const { files: assetFiles } = JSON.parse(readFileSync(join(first, 'sallyport-local-control.assets.json'), 'utf8'));
  const paths = Object.values(assetFiles).map((asset) => (asset as { source: { path: string } }).source.path);
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) expect(path).toMatch(/^(asset\.[0-9a-f]{64}|[\w-]+\.template\.json)$/);
});

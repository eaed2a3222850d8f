import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import { synthesize } from '../../infra/bin/synth.ts';
import { createApp } from '../../infra/sallyport-app.ts';
import { parseStageConfig, type StageConfigInput } from '../../infra/stage-config.ts';
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

const oidc = {
  kind: 'oidc',
  issuer: 'https://id.example.com',
  audience: 'sallyport',
  jwks: 'https://id.example.com/keys',
} as const;

/** Two validations in one process share the engine, whose loading costs most of the time. */
test("CloudFormation's schemas and rules find nothing wrong, whatever the stage", () => {
  const assets = placeholderAssets();
  folders.push(assets);
  const stages: readonly StageConfigInput[] = [
    { name: 'plain', tokens: { kind: 'cognito' } },
    { name: 'named', domain: 'tunnels.example.com', tokens: oidc, region: 'eu-west-1', cpuArchitecture: 'x86_64' },
    { name: 'topics', tokens: oidc, delivery: 'publish', region: 'us-east-1', reserved: { waiting: 0, jumps: 0 } },
  ];
  for (const stage of stages) {
    const { directory } = createApp({ config: parseStageConfig(stage), assets, outdir: folder() }).app.synth();
    const { pluginReports } = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
    expect(pluginReports).toEqual([]);
  }
  // The engine is really there: it refuses what CloudFormation would.
  const { app, control } = createApp({ config: parseStageConfig(stages[0]), assets, outdir: folder() });
  new CfnResource(control, 'Wrong', { type: 'AWS::Lambda::Function', properties: { Timeout: 5 } });
  expect(() => app.synth()).toThrow(/'Role' is a required property/);
});

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

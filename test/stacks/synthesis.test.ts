import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../infra/bin/synth.ts';
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

test('an assembly names neither account nor machine, and twice the same is the same', async () => {
  const assets = placeholderAssets();
  folders.push(assets);
  const first = await synthesize({ stage: 'local', assets, outdir: folder() });
  const second = await synthesize({ stage: 'local', assets, outdir: folder() });
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

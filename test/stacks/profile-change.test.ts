import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../infra/sallyport-app.ts';
import { parseStageConfig, type StageConfigInput } from '../../infra/stage-config.ts';
import { placeholderAssets } from './stage.ts';

type Template = {
  readonly Outputs?: Readonly<Record<string, { readonly Export?: unknown }>>;
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly DeletionPolicy?: string }>>;
};

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** As `cdk deploy -c @aws-cdk/core:defaultCrossStackReferences=...` would see it, with every check. */
const synthesize = (config: Partial<StageConfigInput>, references: 'strong' | 'both' | 'weak') => {
  const assets = placeholderAssets();
  const outdir = mkdtempSync(join(tmpdir(), 'sallyport-change-'));
  folders.push(assets, outdir);
  const before = process.env.CDK_CONTEXT_JSON;
  process.env.CDK_CONTEXT_JSON = JSON.stringify({ '@aws-cdk/core:defaultCrossStackReferences': references });
  try {
    const whole = {
      ...{ name: 'prod', domain: 'tunnels.example.com', tokens: { kind: 'cognito' }, canary: true },
      ...config,
    };
    createApp({ config: parseStageConfig(whole), assets, outdir }).app.synth();
  } finally {
    if (before === undefined) delete process.env.CDK_CONTEXT_JSON;
    else process.env.CDK_CONTEXT_JSON = before;
  }
  const templates = readdirSync(outdir).flatMap((file) => {
    const name = /^sallyport-prod-(\w+)\.template\.json$/.exec(file)?.[1];
    return name === undefined
      ? []
      : [[name, JSON.parse(readFileSync(join(outdir, file), 'utf8')) as Template] as const];
  });
  return new Map(templates);
};
const exportsOf = ({ Outputs = {} }: Template) =>
  Object.values(Outputs).filter((output) => output.Export !== undefined);
const importsOf = (template: Template) => [...JSON.stringify(template).matchAll(/"Fn::ImportValue"/g)].length;

describe.each([['eu-west-1'], [undefined]])(
  'from small to standard in Region %s, as docs/upgrade.md says',
  (region) => {
    const place = region === undefined ? {} : { region };
    const small = synthesize({ ...place, profile: 'small' }, 'strong');
    const first = synthesize({ ...place, profile: 'small' }, 'both');
    const second = synthesize({ ...place, profile: 'standard' }, 'weak');
    const third = synthesize({ ...place, profile: 'standard' }, 'strong');

    test('nothing imports any more when the exports go', () => {
      expect([...small.values()].map(importsOf).some((count) => count > 0)).toBe(true);
      for (const [name, template] of first) {
        expect({ name, imports: importsOf(template) }).toEqual({ name, imports: 0 });
        // What the stacks export stays for as long as anybody of before imports it.
        expect(exportsOf(template)).toHaveLength(exportsOf(small.get(name) as Template).length);
      }
      for (const [name, template] of second)
        expect({ name, exports: exportsOf(template).length }).toEqual({ name, exports: 0 });
    });

    test('whatever is kept is what it was, at each step', () => {
      const kept = (stage: typeof small) =>
        [...stage].flatMap(([name, { Resources }]) =>
          Object.entries(Resources).flatMap(([id, { Type, DeletionPolicy }]) =>
            DeletionPolicy === 'Retain' ? [`${name} ${id} ${Type}`] : [],
          ),
        );
      expect(kept(small).length).toBeGreaterThan(15);
      for (const stage of [first, second, third]) expect(kept(stage).sort()).toEqual(kept(small).sort());
    });

    test('a step changes resources only in the second', () => {
      const ids = (stage: typeof small) =>
        [...stage].flatMap(([name, { Resources }]) => Object.keys(Resources).map((id) => `${name} ${id}`));
      expect(ids(first).sort()).toEqual(ids(small).sort());
      expect(ids(third).sort()).toEqual(ids(second).sort());
      expect(ids(second)).not.toEqual(ids(first));
    });
  },
);

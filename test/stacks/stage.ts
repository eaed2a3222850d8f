import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { handlerNames } from '../../infra/functions.ts';
import { createApp } from '../../infra/sallyport-app.ts';
import { parseStageConfig, type StageConfigInput } from '../../infra/stage-config.ts';

/** A folder like the one that `bundle` fills, whose functions do nothing: templates do not depend on what they do. */
export const placeholderAssets = (): string => {
  const assets = mkdtempSync(join(tmpdir(), 'sallyport-assets-'));
  for (const name of handlerNames) {
    const folder = join(assets, 'lambdas', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.mjs'), `export const handler = async () => '${name}';\n`);
  }
  return assets;
};

export type Resource = {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is data of any shape, and a test that misreads it fails.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
};

export type Stage = {
  readonly stateful: Template;
  readonly control: Template;
  readonly data: Template;
  /** Empty for profile `none`. */
  readonly network: Template;
  /** Of all cells. */
  readonly templates: readonly Template[];
};

const nothing = Template.fromJSON({ Resources: {} });

/** The templates of a stage, synthesized in this process without any network. */
export const synthesizeStage = (config: Partial<StageConfigInput> = {}): Stage => {
  const assets = placeholderAssets();
  const outdir = mkdtempSync(join(tmpdir(), 'sallyport-assembly-'));
  try {
    const { app, stateful, control, data, network } = createApp({
      config: parseStageConfig({ name: 'test', profile: 'none', tokens: { kind: 'cognito' }, ...config }),
      assets,
      outdir,
      // synthesis.test.ts does, once for each kind of stage.
      validate: false,
    });
    return {
      stateful: Template.fromStack(stateful),
      control: Template.fromStack(control),
      data: Template.fromStack(data),
      network: network === undefined ? nothing : Template.fromStack(network),
      templates: app.node.children.flatMap((one) => (one instanceof Stack ? [Template.fromStack(one)] : [])),
    };
  } finally {
    rmSync(assets, { recursive: true });
    rmSync(outdir, { recursive: true });
  }
};

export const resourcesOf = (
  template: Template,
  type?: string,
): readonly (readonly [id: string, resource: Resource])[] =>
  Object.entries(template.toJSON().Resources as Record<string, Resource>).filter(
    ([, resource]) => type === undefined || resource.Type === type,
  );

/** Asset hashes change with every line of code; templates are compared without them. */
export const withoutHashes = (template: Template): unknown =>
  JSON.parse(JSON.stringify(template.toJSON()).replace(/[0-9a-f]{64}/g, '<hash>'));

/** What an expression comes to, with the names of what it points at left in angle brackets. */
export const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Fn::Join' && Array.isArray(argument)) return argument[1].map(textOf).join(argument[0]);
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `<${nounOf(String(argument[0]))}>`;
  if (name === 'Fn::ImportValue') return `<${nounOf(String(argument))}>`;
  if (name === 'Ref') return `<${nounOf(String(argument))}>`;
  throw new Error(`what is ${JSON.stringify(value)}?`);
};

/** `stack:ExportsOutputFnGetAttTablesDevices704C53B1Arn9D8B5EFE` is about `TablesDevices`. */
const nounOf = (id: string): string =>
  id
    .replace(/^.*:ExportsOutput(FnGetAtt|Ref)/, '')
    .replace(/(Arn|StreamArn)[0-9A-F]{8}$/, (_, attribute) => (attribute === 'StreamArn' ? '/stream' : ''))
    .replace(/[0-9A-F]{8}(?=[0-9A-F]{8}|$|\/)/g, '')
    .replace(/[0-9A-F]{8}$/, '');

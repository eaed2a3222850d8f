import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseTemplate, type Template } from './template.ts';
import { TemplateError } from './template-error.ts';

/** One synthesized stack. */
export interface Stack {
  readonly name: string;
  readonly template: Template;
  /** Names of the stacks that have to stand before it. */
  readonly dependencies: readonly string[];
  /** Object key of an asset in the staging bucket -> the directory or file that it is made from. */
  readonly assets: ReadonlyMap<string, string>;
}

const manifest = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z
        .looseObject({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          file: z.string().optional(),
        })
        .default({}),
    }),
  ),
});

const assetManifest = z.looseObject({
  files: z
    .record(
      z.string(),
      z.looseObject({
        source: z.looseObject({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

/** Artifacts that describe the assembly itself, not anything to run. */
const asides = new Set(['cdk:tree', 'cdk:feature-flag-report', 'aws:cdk:asset-manifest', 'cdk:asset-manifest', 'none']);

/**
 * Reads what `cdk synth` wrote.
 *
 * @throws TemplateError when there is an artifact that is neither a stack nor known to need no running.
 */
export async function readAssembly(directory: string): Promise<readonly Stack[]> {
  const { artifacts } = manifest.parse(await readJson(join(directory, 'manifest.json')));
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const strange = Object.entries(artifacts).filter(
    ([, { type }]) => type !== 'aws:cloudformation:stack' && !asides.has(type),
  );
  if (strange.length > 0) {
    throw new TemplateError(strange.map(([id, { type }]) => `${id}: artifacts of type ${type} are not run locally`));
  }
  const nameOf = new Map(stacks.map(([id, { properties }]) => [id, properties.stackName ?? id]));
  return Promise.all(
    stacks.map(async ([id, { properties, dependencies }]) => {
      const name = nameOf.get(id) ?? id;
      const file = properties.templateFile;
      if (file === undefined) throw new TemplateError([`${name}: the manifest names no template`]);
      const assetFiles = dependencies.flatMap((dependency) => artifacts[dependency]?.properties.file ?? []);
      return {
        name,
        template: parseTemplate(name, await readJson(join(directory, file))),
        dependencies: dependencies.flatMap((dependency) => nameOf.get(dependency) ?? []),
        assets: new Map((await Promise.all(assetFiles.map((one) => readAssets(directory, one)))).flat()),
      };
    }),
  );
}

async function readAssets(directory: string, file: string): Promise<readonly (readonly [string, string])[]> {
  const { files } = assetManifest.parse(await readJson(join(directory, file)));
  return Object.values(files).flatMap(({ source, destinations }) => {
    const { path } = source;
    if (path === undefined) return [];
    return Object.values(destinations).map(({ objectKey }) => [objectKey, join(directory, path)] as const);
  });
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

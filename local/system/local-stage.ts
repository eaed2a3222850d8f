import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../infra/project-root.ts';

const schema = z.object({
  name: z.string(),
  domain: z.string(),
  tokens: z.object({ issuer: z.url(), audience: z.string() }),
});

/** What this machine must know of the stage that it runs: the rest comes with the templates. */
export const readLocalStage = () =>
  schema.parse(JSON.parse(readFileSync(join(projectRoot, 'infra/stages/local.json'), 'utf8')));

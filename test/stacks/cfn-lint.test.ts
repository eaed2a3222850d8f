import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../infra/sallyport-app.ts';
import { readStageConfig } from '../../infra/stage-config.ts';
import { placeholderAssets } from './stage.ts';

const present = spawnSync('cfn-lint', ['--version']).status === 0;
if (!present) process.stderr.write('SKIPPED: cfn-lint is not on this machine, so no template is checked by it\n');

/** Its schemas are older than CloudFormation: what it says of these is wrong. */
const mistaken: readonly (readonly [line: RegExp, reason: string])[] = [
  [
    /^E3002 .*'Tags' was unexpected.* (Listener|ScalableTarget|Dashboard)$/,
    'listeners, scalable targets and dashboards take tags since their schemas of 2025',
  ],
];

type Finding = {
  readonly Rule: { readonly Id: string };
  readonly Level: string;
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] };
};

(present ? test : test.skip).each(['standard', 'small'])(
  'cfn-lint finds no error in the templates of %s',
  (name) => {
    const assets = placeholderAssets();
    const outdir = mkdtempSync(join(tmpdir(), 'sallyport-lint-'));
    try {
      const { directory } = createApp({ config: readStageConfig(name), assets, outdir, validate: false }).app.synth();
      const templates = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
      expect(templates.length).toBeGreaterThan(3);
      const { stdout } = spawnSync('cfn-lint', ['--format', 'json', '--', ...templates], {
        cwd: directory,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      });
      const findings: readonly Finding[] = JSON.parse(stdout || '[]');
      const errors = findings
        .filter(({ Level }) => Level === 'Error')
        .map(({ Rule, Message, Location }) => {
          const [, id = ''] = Location.Path;
          return `${Rule.Id} ${Message} ${kindOf(String(id))}`;
        })
        .filter((line) => !mistaken.some(([known]) => known.test(line)));
      expect(errors).toEqual([]);
    } finally {
      rmSync(assets, { recursive: true });
      rmSync(outdir, { recursive: true });
    }
  },
  300_000,
);

/** From a logical id: these kinds carry their name in it. */
const kindOf = (id: string): string => {
  if (/Balancer.*Port\d+[0-9A-F]{8}$/.test(id)) return 'Listener';
  if (/TaskCountTarget[0-9A-F]{8}$/.test(id)) return 'ScalableTarget';
  return /^Dashboard[0-9A-F]{8}$/.test(id) ? 'Dashboard' : id;
};

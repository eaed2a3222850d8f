import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../infra/sallyport-app.ts';
import { readStageConfig } from '../../infra/stage-config.ts';
import { placeholderAssets, synthesizeStage } from './stage.ts';
import { statementsOf } from './statements.ts';

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

/** What cfn-lint carries of AWS's table of actions: which of them know resources. */
const actionTable = (): Readonly<Record<string, ServiceActions>> | undefined => {
  const program =
    'import cfnlint, os; print(open(os.path.join(os.path.dirname(cfnlint.__file__), "data/AdditionalSpecs/Policies.json")).read())';
  const { status, stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? JSON.parse(stdout) : undefined;
};
type ServiceActions = { readonly Actions: Readonly<Record<string, { readonly Resources?: readonly string[] }>> };
const table = actionTable();
if (table === undefined) process.stderr.write("SKIPPED: AWS's table of actions is not on this machine\n");

/** Newer than the table, or said otherwise by AWS elsewhere. */
const known: readonly (readonly [action: string, reason: string])[] = [
  ['dynamodb:ListStreams', "the policies of Lambda's own tutorial for streams name the stream"],
  ['iot:GetConnection', 'younger than the table'],
  ['iot:SendDirectMessage', 'younger than the table'],
];

(table === undefined ? test.skip : test)('a right names a resource only where AWS knows one for the action', () => {
  const { templates } = synthesizeStage({
    ...{ profile: 'standard', domain: 'tunnels.example.com', canary: true },
    certificate: { kind: 'acme-dns01', email: 'operations@example.com' },
    auditExport: {},
  });
  const strange = templates.flatMap(statementsOf).flatMap(({ role, actions, resources }) =>
    actions.flatMap((action) => {
      const [service = '', name = ''] = action.toLowerCase().split(':');
      const entry = table?.[service]?.Actions[name];
      if (known.some(([one]) => one === action)) return [];
      if (entry === undefined) return [`${role}: ${action} is unknown`];
      const isOpen = resources.includes('*');
      if (entry.Resources === undefined && !isOpen) return [`${role}: ${action} knows no resource`];
      return entry.Resources !== undefined && isOpen ? [`${role}: ${action} knows resources`] : [];
    }),
  );
  expect(strange).toEqual([]);
});

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { printReport, say, table, tenth } from './report.ts';

// What `npm start` holds in memory after it was used: the system, its demo device and their tunnels.

const settleMilliseconds = 15_000;
/** The whole local system stays under it. */
const goalMegabytes = 600;

interface Footprint {
  readonly process: string;
  readonly pid: number;
  /** Resident set, and the part of it that is this process's own or its share of what several map; MB of 2^20. */
  readonly rss: number;
  readonly pss: number;
}

/** Linux only: `smaps_rollup` (proc(5)). */
function footprintOf(name: string, pid: number): Footprint {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { process: name, pid, rss: tenth(kilobytes('Rss') / 1024), pss: tenth(kilobytes('Pss') / 1024) };
}

/** The processes that a process has started, and those that these have. */
function descendants(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

const nameOf = (pid: number): string => {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  if (args.some((one) => one.endsWith('dist/local.mjs'))) return 'local cloud';
  for (const part of ['relay', 'router', 'agent'])
    if (args.some((one) => one.endsWith(`${part}/main.mjs`))) return part;
  if (args.some((one) => one.endsWith('demo-device.mjs'))) return 'demo device';
  if (args[0]?.startsWith('sshd')) return 'sshd of the demo device';
  return args[0]?.split('/').at(-1)?.split(' ')[0] ?? '';
};

/** The very command of `npm start`; its requests: as many as a person makes in a while. */
const requests = 50;
const state = mkdtempSync(join(tmpdir(), 'sallyport-footprint-'));
const script: string = JSON.parse(readFileSync('package.json', 'utf8')).scripts.start;
spawnSync('npm', ['run', '-s', 'prestart'], { stdio: 'inherit' });
const system = spawn('sh', ['-c', `${script} --json --state ${state} --ports 50000`], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line = ''] = await new Promise<string[]>((resolve, reject) => {
  createInterface(system.stdout).once('line', (text) => resolve([text]));
  system.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
});
const { commands } = JSON.parse(line) as { readonly commands: readonly string[] };
for (let made = 0; made < requests; made += 1)
  for (const command of commands) spawnSync('sh', ['-c', command], { stdio: 'ignore' });
say(`the system is up and was used ${requests * commands.length} times; ${settleMilliseconds / 1_000} s to settle`);
await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
const pid = system.pid ?? 0;
const processes = [pid, ...descendants(pid)].map((one) => footprintOf(nameOf(one), one));
const sum = (field: 'rss' | 'pss') => tenth(processes.reduce((total, one) => total + one[field], 0));
const total = { rss: sum('rss'), pss: sum('pss') };
const ended = new Promise((resolve) => system.once('close', resolve));
system.removeAllListeners('exit');
system.kill('SIGINT');
await ended;
rmSync(state, { recursive: true, force: true });
printReport({ bench: 'footprint', unit: 'MiB', goal: goalMegabytes, processes, total }, [
  ...table([
    ['process', 'RSS', 'PSS'],
    ...processes.map(({ process: name, rss, pss }) => [name, rss.toFixed(1), pss.toFixed(1)]),
    ['total', total.rss.toFixed(1), total.pss.toFixed(1)],
  ]),
  `MiB; the goal is ${goalMegabytes} resident in all`,
]);

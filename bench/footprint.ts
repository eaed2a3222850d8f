import { readFileSync } from 'node:fs';
import { type Demo, startDemo } from '../local/demo/demo.ts';
import { ownDirectory } from './own-system.ts';
import { printReport, say, table, tenth } from './report.ts';

// What `npm start` holds in memory: the system, its demo device and one tunnel, once it has settled.

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

function all({ system }: Demo): readonly Footprint[] {
  const { relays, routers } = system.dataPlane;
  const known = new Map([
    ...relays.map(({ host, child }) => [child.pid, `relay ${host}`] as const),
    ...routers.map(({ child }) => [child.pid, 'router'] as const),
  ]);
  return [process.pid, ...descendants(process.pid)].map((pid) =>
    footprintOf(known.get(pid) ?? (pid === process.pid ? 'local cloud' : nameOf(pid)), pid),
  );
}

const nameOf = (pid: number): string => {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  if (args.some((one) => one.endsWith('agent/main.mjs'))) return 'agent';
  if (args.some((one) => one.endsWith('demo-device.mjs'))) return 'demo device';
  if (args[0]?.startsWith('sshd')) return 'sshd of the demo device';
  return args[0]?.split('/').at(-1)?.split(' ')[0] ?? '';
};

const own = await ownDirectory();
const demo = await startDemo(own.options);
say(`the system is up; ${settleMilliseconds / 1_000} s to settle`);
await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
const processes = all(demo);
const sum = (field: 'rss' | 'pss') => tenth(processes.reduce((total, one) => total + one[field], 0));
const total = { rss: sum('rss'), pss: sum('pss') };
await demo.close();
await own.remove();
printReport({ bench: 'footprint', unit: 'MiB', goal: goalMegabytes, processes, total }, [
  ...table([
    ['process', 'RSS', 'PSS'],
    ...processes.map(({ process: name, rss, pss }) => [name, rss.toFixed(1), pss.toFixed(1)]),
    ['total', total.rss.toFixed(1), total.pss.toFixed(1)],
  ]),
  `MiB; the goal is ${goalMegabytes} resident in all`,
]);
process.exit(0);

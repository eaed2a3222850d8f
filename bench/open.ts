import type { DeviceView } from '../core/wire/device-view.ts';
import { agentConfig, enrol, startAgent, startDemoDevice } from '../local/system/local-device.ts';
import { makeKey, mustCall, signIn } from '../local/system/local-operator.ts';
import { startSystem } from '../local/system/system.ts';
import { type Opening, openOnce, stageNames, watchStages } from './open-stages.ts';
import { ownDirectory } from './own-system.ts';
import { measurePeer } from './peer.ts';
import { printReport, say, spread, table, tenth } from './report.ts';

// From the request to the news that the tunnel is open: over the API, the function, the tables, MQTT, agent and relay.

const runs = Number(process.env.RUNS ?? 200);
const warmUps = 20;
/** Milliseconds, on one machine with nothing else to do. */
const goal = { p50: 40, p99: 150 } as const;
const device = 'bench-1';

const own = await ownDirectory();
const system = await startSystem(own.options);
const operator = await signIn(system, 'bench', ['sallyport-admins']);
await mustCall(operator, 'POST', '/v1/grants', { principal: 'group:sallyport-admins', devices: '*', services: ['*'] });
const identity = await enrol(system, device);
const machine = await startDemoDevice(system, identity, [await makeKey(system.state.file('operator'))]);
const agent = await startAgent(system, identity, agentConfig(system, identity, machine));
await mustCall<DeviceView>(operator, 'GET', `/v1/devices/${device}`);

const stages = watchStages(system);
const all: Opening[] = [];
for (let run = -warmUps; run < runs; run += 1) {
  const opening = await openOnce(operator, device, stages);
  if (run >= 0) all.push(opening);
  if (run % 50 === 0) say(`${Math.max(0, run)} of ${runs}`);
}
stages.stop();
const peer = await measurePeer(Math.min(runs, 50));
await agent.stop();
await machine.stop();
await system.close();
await own.remove();

const open = spread(all.map(({ total }) => total));
const byStage = stageNames.map((name) => ({ name, ...spread(all.map(({ at }) => at[name])) }));
const calls = callFigures(all);
const ratio = peer === undefined ? undefined : Math.round((open.p50 / peer.p50) * 100) / 100;
printReport(
  { bench: 'open', unit: 'ms', runs, goal, open, stages: byStage, calls, peer: peer ?? null, ratio: ratio ?? null },
  [
    `request to open, ${runs} runs: p50 ${open.p50} ms, p99 ${open.p99} ms, worst ${open.most} ms (goal ${goal.p50} and ${goal.p99})`,
    '',
    ...table([['since the request, ms', 'p50', 'p99'], ...byStage.map(({ name, p50, p99 }) => [name, p50, p99])]),
    '',
    ...table([
      ['calls of AWS on the way', 'a run', 'ms each, p50'],
      ...calls.map(({ name, perRun, p50 }) => [name, perRun, p50]),
    ]),
    '',
    peer === undefined
      ? 'no sshd here to compare with'
      : `peer: OpenSSH's ssh -R to its sshd until the port listens: p50 ${peer.p50} ms, p99 ${peer.p99} ms; ours is ${ratio} times that`,
  ],
);
process.exit(0);

/** Which calls a run makes before it is open, by caller and operation. */
function callFigures(openings: readonly Opening[]) {
  const times = new Map<string, number[]>();
  for (const { name, milliseconds } of openings.flatMap((opening) => opening.calls))
    times.set(name, [...(times.get(name) ?? []), milliseconds]);
  return [...times]
    .map(([name, sample]) => ({ name, perRun: tenth(sample.length / openings.length), p50: spread(sample).p50 }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

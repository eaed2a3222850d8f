import { createSshKeys } from '../adapters/ssh/ssh-keys.ts';
import { type Agent, startAgent } from './agent.ts';
import { exitCodes, readArguments, usage } from './arguments.ts';
import { ConfigError } from './config.ts';
import { asksToEnd } from './ending.ts';
import { readAgent } from './files.ts';
import { jsonLog, textOf } from './log.ts';
import type { Pace } from './pace.ts';
import { agentVersion } from './version.ts';
import { cloudBy, relayAccess } from './wiring.ts';

/** To say goodbye of each tunnel, to the relays and to the broker. Service managers commonly give 10 s and more. */
const stopMilliseconds = 8_000;

const log = jsonLog((line) => process.stdout.write(line), Date.now);
const pace: Pace = {
  clock: { monotonic: () => performance.now() },
  // These keep the process alive, unlike those of net/timer-wheel.ts: the next rotation is always to come.
  timers: {
    schedule(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  random: Math.random,
};

const read = (file: string) => readAgent(file, createSshKeys().parse);

const check = (file: string): number => {
  for (const warning of read(file).warnings) process.stdout.write(`warning: ${warning}\n`);
  process.stdout.write(`${file} is good\n`);
  return exitCodes.ok;
};

const run = async (file: string): Promise<number> => {
  const asked = asksToEnd(process, () => process.exit(exitCodes.failed));
  const { config, files, warnings } = read(file);
  const { device } = config;
  log('info', 'started', { device, version: agentVersion, services: config.services.length });
  for (const warning of warnings) log('warn', 'config.warning', { warning });
  let isReady = false;
  const agent = startAgent({
    ...{ config, hostKeys: files.hostKeys, pace, log },
    ...relayAccess({
      ...{ timers: pace.timers, channels: config.limits.channels },
      tlsPort: config.relay.tls ? config.relay.tlsPort : undefined,
    }),
    connectCloud: await cloudBy(config, files, log),
    onWelcome: ({ relay, key }) => {
      log('info', isReady ? 'welcome' : 'ready', { device, relay: relay.host, key: key.fingerprint });
      isReady = true;
    },
  });
  log('info', 'stopping', { why: await asked });
  return stopped(agent);
};

const stopped = async (agent: Agent): Promise<number> => {
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), stopMilliseconds));
  const outcome = await Promise.race([agent.stop(), late]);
  log(outcome === 'late' ? 'warn' : 'info', 'stopped', { inTime: outcome !== 'late' });
  return outcome === 'late' ? exitCodes.failed : exitCodes.ok;
};

const main = async (): Promise<number> => {
  const asked = readArguments(process.argv.slice(2));
  switch (asked.kind) {
    case 'help':
      process.stdout.write(usage);
      return exitCodes.ok;
    case 'version':
      process.stdout.write(`${agentVersion}\n`);
      return exitCodes.ok;
    case 'misuse':
      process.stderr.write(`${asked.why}\n\n${usage}`);
      return exitCodes.usage;
    case 'check':
      return check(asked.config);
    case 'run':
      return run(asked.config);
  }
};

// A log that nobody reads any more is no reason to let go of tunnels.
process.stdout.on('error', () => undefined);
main().then(
  // The AWS client would keep the process alive for 8 s more.
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${textOf(error)}\n`);
    process.exit(error instanceof ConfigError ? exitCodes.config : exitCodes.failed);
  },
);

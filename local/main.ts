import { relative } from 'node:path';
import { type Demo, startDemo } from './demo/demo.ts';
import { type DemoOptions, readOptions, usage } from './demo/options.ts';
import { commands, placesText, proofText, steps } from './demo/screen.ts';
import { checkTools } from './demo/tools.ts';
import { checkPorts, portsFrom } from './system/local-ports.ts';
import { LogFiles } from './system/log-files.ts';
import { prepare } from './system/prepared.ts';
import { takeStateDirectory } from './system/state-directory.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);
const complain = (error: unknown) =>
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);

/** Ctrl-C at a terminal comes twice: from the terminal, and from npm, which passes it on. */
const sameSignalMilliseconds = 1_000;

let stopping: number | undefined;
/** Resolves at the first signal. A later one ends the process at once; its children end with it. */
const interrupted = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (stopping !== undefined && performance.now() - stopping > sameSignalMilliseconds) process.exit(130);
      stopping ??= performance.now();
      resolve(signal);
    });
});

async function run(options: DemoOptions): Promise<number> {
  checkTools();
  const ports = portsFrom(options.ports);
  await checkPorts(ports).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : error}: --ports BASE moves them all`);
  });
  const state = takeStateDirectory(options.state, options.fresh);
  const logs = new LogFiles(state.file('logs'));
  const onStep = options.json ? () => undefined : steps(print);
  const onNotice = (what: string) =>
    print(options.json ? JSON.stringify({ event: 'notice', what }) : `  ${new Date().toLocaleTimeString()}  ${what}`);
  if (!options.json) print('Sallyport starts on this machine.\n');
  let demo: Demo | undefined;
  try {
    const prepared = await prepare(state.file('prepared'));
    onStep('templates synthesized, functions bundled');
    demo = await startDemo({ prepared, ports, state, logs, onStep, onNotice });
    show(demo, nearName(state.path), options.json);
    const why = await Promise.race([interrupted, demo.broken]);
    if (!options.json) print(`\n${why}: stopping`);
    return stopping === undefined ? 1 : 0;
  } finally {
    await demo?.close();
    await logs.close();
    state.release();
  }
}

/** As a person in this folder would type it. */
const nearName = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near || '.';
};

function show(demo: Demo, stateDirectory: string, json: boolean): void {
  const facts = { ...demo, stateDirectory };
  if (json) {
    const { api, iamApi, routerPort, relayPort } = demo.system;
    const ready = { event: 'ready', api, iamApi, routerPort, relayPort, proof: demo.proof, commands: commands(facts) };
    print(JSON.stringify(ready));
    return;
  }
  const list = commands(facts).map((line) => `  ${line}`);
  print(['', proofText(facts), '', placesText(facts), ''].join('\n'));
  print(['Paste into a second terminal, in this folder:', '', ...list, '', 'Ctrl-C ends everything.'].join('\n'));
}

const main = async (): Promise<number> => {
  let options: DemoOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    complain(error);
    process.stderr.write('npm start -- --help lists the options\n');
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  return await run(options).catch((error: unknown) => {
    complain(error);
    return 1;
  });
};

process.exitCode = await main();

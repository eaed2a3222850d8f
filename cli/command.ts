import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What is wrong with how a command was called; said without a stack. */
export class UsageError extends Error {}

/** Where a local system writes what these commands need: a role of the fleet, the API and a token. */
const localFleet = {
  file: '.sallyport/fleet.env',
  /** Any of these says that the environment has been set up: then a local system's settings are not looked for. */
  own: ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'SALLYPORT_API'],
};

/** Reads the settings file that is named, or that of a local system where the environment holds no settings itself. */
export const readSettings = (file: string | undefined, local: Readonly<typeof localFleet> = localFleet): void => {
  const beside = local.own.every((name) => process.env[name] === undefined) && existsSync(local.file);
  const chosen = file ?? (beside ? local.file : undefined);
  if (chosen === undefined) return;
  if (file === undefined) process.stderr.write(`Settings of the local system: ${chosen}\n`);
  loadEnvFile(chosen);
};

/** Throws a `UsageError` unless the text is a whole number from `least` to `most`. */
export const wholeNumber = (name: string, text: string, [least, most]: readonly [number, number]): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}`);
};

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** An error and what brought it about: the first alone often says no more than that something is not there. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${wordsOf(error.cause)}`;
};

const stopped = 130;
/** What a shell says of a program that SIGPIPE ended; Node takes no such signal. */
const unheard = 141;

/**
 * Runs a command's work: Ctrl-C asks it to stop cleanly, a second one ends it at once; when nobody reads on (`| head -1`) it
 * is asked to stop, too. Exit codes: what it answers; 130 and 141 when it was stopped; 2 when it could not go on.
 */
export const runWork = async (work: (signal: AbortSignal) => Promise<number>): Promise<void> => {
  const stop = new AbortController();
  let failed = false;
  // The last line's error comes when the work has answered already.
  const fail = (error: unknown): void => {
    stop.abort();
    if (failed) return;
    failed = true;
    const isUnheard = error instanceof Error && 'code' in error && error.code === 'EPIPE';
    process.exitCode = isUnheard ? unheard : 2;
    if (!isUnheard) process.stderr.write(`${wordsOf(error)}\n`);
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', fail);
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(stopped);
    stop.abort();
  });
  try {
    const code = await work(stop.signal);
    if (!failed) process.exitCode = stop.signal.aborted ? stopped : code;
  } catch (error) {
    fail(error);
  }
};

export type Arguments<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>;

/** `runWork` with the arguments that it was called with; `--help` shows the help and does nothing. Exit code 2: called wrongly. */
export const runCommand = <const Config extends ParseArgsConfig>(
  { help, takes }: { readonly help: string; readonly takes: Config },
  work: (given: Arguments<Config>, signal: AbortSignal) => Promise<number>,
): Promise<void> =>
  runWork(async (signal) => {
    const asked = parseArgs({ options: { help: { type: 'boolean' } }, strict: false });
    if (!asked.values.help) return work(parseArgs(takes), signal);
    say(help);
    return 0;
  });

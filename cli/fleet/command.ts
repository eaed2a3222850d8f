import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/** What is wrong with how a command was called; said without a stack. */
export class UsageError extends Error {}

/** Where a local system writes what these commands need: a role of the fleet, the API and a token. */
export const localSettings = '.sallyport/fleet.env';

/** Any of these says that the environment has been set up: then a local system's settings are not looked for. */
const own = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'SALLYPORT_API'] as const;

/** Reads the settings file that is named, or that of a local system where the environment holds no settings itself. */
export const readSettings = (file: string | undefined): void => {
  const local = own.every((name) => process.env[name] === undefined) && existsSync(localSettings);
  const chosen = file ?? (local ? localSettings : undefined);
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

/**
 * Runs a command: Ctrl-C asks it to stop cleanly, a second one ends it at once. Exit codes: what it answers; 130 when it was
 * stopped; 2 when it was called wrongly or could not go on.
 */
export const runCommand = async (work: (signal: AbortSignal) => Promise<number>): Promise<void> => {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
  try {
    const code = await work(stop.signal);
    process.exitCode = stop.signal.aborted ? 130 : code;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
};

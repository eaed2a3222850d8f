import { parseArgs } from 'node:util';

export const usage = `Usage: sallyport-agent --config FILE [--check]

Keeps this device reachable through Sallyport.

  -c, --config FILE  the agent's configuration, JSON; paths in it are relative to it
      --check        look at the configuration and its files, say all that is wrong, and exit
  -v, --version      print the version and exit
  -h, --help         print this and exit

Exit codes: 0 stopped as asked, 1 failed or could not stop in time, 64 wrong arguments, 78 unusable configuration.
`;

export const exitCodes = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

export type Asked =
  | { readonly kind: 'run' | 'check'; readonly config: string }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'misuse'; readonly why: string };

const options = {
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const readArguments = (argv: readonly string[]): Asked => {
  try {
    const { values } = parseArgs({ args: [...argv], options, allowPositionals: false });
    if (values.help === true) return { kind: 'help' };
    if (values.version === true) return { kind: 'version' };
    if (values.config === undefined || values.config === '') return { kind: 'misuse', why: '--config FILE is missing' };
    return { kind: values.check === true ? 'check' : 'run', config: values.config };
  } catch (error) {
    return { kind: 'misuse', why: error instanceof Error ? error.message : 'unreadable arguments' };
  }
};

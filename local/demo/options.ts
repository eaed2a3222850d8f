import { parseArgs } from 'node:util';

export const usage = `npm start -- [options]

Runs the whole system on this machine from the templates that would be deployed, with a demo device, opens a tunnel and
proves that it works. Ctrl-C ends everything; the next start finds its state again.

  --state DIR     where state, keys and logs are kept (default .sallyport)
  --fresh         forget what is kept there first
  --ports BASE    first of the ports to use, a multiple of 1000 from 2000 to 64000 (default 24000)
  --json          print one JSON line when it is ready instead of text
  --help

Exit code 0: stopped as asked. 1: it could not start. 2: wrong options.
`;

export interface DemoOptions {
  readonly help: boolean;
  readonly state: string;
  readonly fresh: boolean;
  readonly ports: number;
  readonly json: boolean;
}

/** @throws Error that says which option is wrong */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      state: { type: 'string', default: '.sallyport' },
      fresh: { type: 'boolean', default: false },
      ports: { type: 'string', default: '24000' },
      json: { type: 'boolean', default: false },
    },
  });
  const ports = Number(values.ports);
  if (!Number.isInteger(ports) || ports % 1_000 !== 0 || ports < 2_000 || ports > 64_000)
    throw new Error(`--ports ${values.ports}: give a multiple of 1000 from 2000 to 64000`);
  return { ...values, ports };
}

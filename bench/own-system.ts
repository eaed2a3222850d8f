import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anyPorts } from '../local/system/local-ports.ts';
import { LogFiles } from '../local/system/log-files.ts';
import { prepare } from '../local/system/prepared.ts';
import { takeStateDirectory } from '../local/system/state-directory.ts';
import type { SystemOptions } from '../local/system/system.ts';
import { say } from './report.ts';

export interface OwnDirectory {
  readonly options: SystemOptions;
  remove(): Promise<void>;
}

/** Bundles, templates and a state directory of this run's own, as `npm start` makes them; on free ports. */
export async function ownDirectory(): Promise<OwnDirectory> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  say('making bundles and templates');
  const prepared = await prepare(join(directory, 'prepared'));
  const logs = new LogFiles(join(directory, 'logs'));
  const state = takeStateDirectory(join(directory, 'state'));
  return {
    options: { prepared, ports: anyPorts, state, logs },
    async remove() {
      await logs.close();
      state.release();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

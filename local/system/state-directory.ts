import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where a local system keeps what must survive a restart. One system at a time may use it. */
export interface StateDirectory {
  readonly path: string;
  /** A file in it. */
  file(...names: readonly string[]): string;
  /** Lets another system use it. */
  release(): void;
}

/**
 * Takes a state directory, made if it is not there.
 *
 * @param fresh removes what an earlier system left
 * @throws Error when another process that runs holds it
 */
export function takeStateDirectory(given: string, fresh = false): StateDirectory {
  // Programs with other working directories are told of files in it.
  const path = resolve(given);
  const lock = join(path, 'lock');
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : undefined;
  if (holder !== undefined && holder !== process.pid && isRunning(holder)) {
    throw new Error(`process ${holder} runs a local system in ${path}: stop it, or choose another directory (--state)`);
  }
  if (fresh) rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(lock, String(process.pid));
  return {
    path,
    file: (...names) => join(path, ...names),
    release: () => rmSync(lock, { force: true }),
  };
}

/** Signal 0 asks whether a process is there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

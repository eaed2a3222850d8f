import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** State that outlives the process, in one file that only its owner may read; without a path it is only remembered. */
export interface JsonFile<T> {
  read(): T | undefined;
  write(value: T): void;
}

/** @param check throws when what the file holds is not what it should be */
export function jsonFile<T>(path: string | undefined, check: (value: unknown) => T): JsonFile<T> {
  if (path === undefined) return { read: () => undefined, write: () => {} };
  return {
    read: () => (existsSync(path) ? check(JSON.parse(readFileSync(path, 'utf8'))) : undefined),
    // Written beside and renamed, so that a crash leaves the old state or the new, never half of one.
    write: (value) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file with a line for each device that is done, so that a run goes on where another stopped. */
export const openJournal = (file: string) => {
  const done = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
  return {
    has: (device: string): boolean => done.has(device),
    add(device: string): void {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${device}\n`);
      done.add(device);
    },
  };
};

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Clears a terminal, begins a line of its own, turns the reading order, and would run in a page. */
export const evil = '\u001b[2J\r\n\u202e\u2066\u200b<script>alert(1)</script>';

/** Control characters (C0, C1), marks of direction and of no width, line separators, and markup. */
const harm = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|<\/?script/iu;

/** Every text in a value, keys too, that could do harm where it is shown. */
export function harmIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return harm.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(harmIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [...harmIn(key), ...harmIn(one)]);
}

/** The same of all log files in a folder, the JSON of each line read: escaped there, it would come out in a viewer. */
export function harmInLogs(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const json = line.indexOf('{');
        const found = [...harmIn(line), ...(json < 0 ? [] : harmIn(parsed(line.slice(json))))];
        return found.map((text) => `${name}: ${JSON.stringify(text)}`);
      }),
  );
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './run.ts';

/** The same files under another folder, which is made: links, so that a gigabyte costs a second. */
export const linkTree = async (from: string, to: string): Promise<void> => {
  mkdirSync(to, { recursive: true });
  await runToEnd({ file: 'cp', args: ['--archive', '--link', `${from}/.`, to] });
};

/** Copies; a file that is there already is replaced, for as a link it is another tree's too. */
export const copyTree = async (from: string, to: string): Promise<void> => {
  await runToEnd({ file: 'cp', args: ['--archive', '--remove-destination', from, to] });
};

/** Each file of a tree with what changes when it is written. */
export const filesOf = (tree: string): ReadonlyMap<string, string> => {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, mtimeMs, size } = lstatSync(path);
    // A folder's size and time are those of its list of files, which is compared anyway.
    return [path.slice(tree.length), `${mode} ${uid} ${entry.isDirectory() ? '' : `${size} ${mtimeMs}`}`] as const;
  });
  return new Map(files);
};

/** What differs between two lists of files. */
export const changedFiles = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort();

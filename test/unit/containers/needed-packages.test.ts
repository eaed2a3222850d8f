import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importedPackages, neededFolders } from '../../../containers/needed-packages.ts';

let root: string;
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const install = (path: string, manifest: object = {}) =>
  write(`node_modules/${path}/package.json`, JSON.stringify(manifest));
const needed = (...names: readonly string[]) =>
  [...neededFolders(root, names)].map((folder) => folder.slice(join(root, 'node_modules').length + 1)).sort();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'needed-packages-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('finds the packages that modules name, and those that they load late', async () => {
  write('main.mjs', "import 'node:fs'; import { x } from './other.mjs'; await import('late'); x();");
  write('other.mjs', "import y from '@scope/name/deep.js'; import 'net'; export const x = y;");
  expect(await importedPackages([join(root, 'main.mjs')])).toEqual(['@scope/name', 'late']);
});

test('follows dependencies as Node does, the nearest first', () => {
  install('a', { dependencies: { b: '*' } });
  install('a/node_modules/b', { dependencies: { c: '*' } });
  install('b', { dependencies: { d: '*' } });
  install('c');
  install('d');
  expect(needed('a')).toEqual(['a', 'a/node_modules/b', 'c']);
});

test('keeps an optional package that is there, and does without one that is not', () => {
  install('a', { optionalDependencies: { here: '*', gone: '*' }, dependencies: { here: '*', gone: '*' } });
  install('here');
  expect(needed('a')).toEqual(['a', 'here']);
});

test('ends with packages that need each other', () => {
  install('a', { dependencies: { b: '*' } });
  install('b', { dependencies: { a: '*' } });
  expect(needed('a')).toEqual(['a', 'b']);
});

test('refuses when one is not installed', () => {
  install('a', { dependencies: { b: '*' } });
  expect(() => needed('a')).toThrow('b is needed by');
});

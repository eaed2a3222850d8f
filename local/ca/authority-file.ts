import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Issued } from './authority.ts';

const BLOCK = /-----BEGIN (CERTIFICATE|PRIVATE KEY)-----[\s\S]+?-----END \1-----\n?/g;

/** The authority stored at this path (one file: certificate, then key), or undefined when there is none. */
export async function readStored(path: string): Promise<Issued | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const blocks = new Map([...text.matchAll(BLOCK)].map((match) => [match[1], match[0]]));
  const certificate = blocks.get('CERTIFICATE');
  const privateKey = blocks.get('PRIVATE KEY');
  if (certificate === undefined || privateKey === undefined) throw new Error(`${path} is not a certificate authority.`);
  return { certificate, privateKey };
}

/**
 * Stores an authority that only its owner can read, unless another process stored one first: the answer is the one
 * that is stored now. A link of a complete file appears whole or not at all, and never replaces another.
 */
export async function storeOnce(path: string, authority: Issued): Promise<Issued> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, authority.certificate + authority.privateKey, { mode: 0o600, flag: 'wx' });
    await link(draft, path);
    return authority;
  } catch (error) {
    const winner = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await readStored(path) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    await rm(draft, { force: true });
  }
}

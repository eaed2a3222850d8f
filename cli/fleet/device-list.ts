import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { deviceIdPattern } from '../../core/model/ids.ts';
import { UsageError } from '../command.ts';

/** A device to be enrolled, with the attributes that its thing gets. */
export type ListedDevice = { readonly device: string; readonly attributes: Readonly<Record<string, string>> };

/** AWS IoT's rule for attributes of things; with a thing type there may be 50. */
const attributeName = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;
const attributeValue = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

const check = (device: string, where: string): string => {
  if (deviceIdPattern.test(device)) return device;
  throw new UsageError(`${where}: not a device id (1 to 128 of letters, digits, : _ -): ${JSON.stringify(device)}`);
};

/**
 * Reads a list: a device id a line, or comma-separated values whose first line names the columns, `device` first; the others
 * become attributes of the thing. No quotes. Empty lines and those that begin with `#` count for nothing. Throws a
 * `UsageError` that names the line; a device that stands twice is an error, for one of them is meant to be another.
 */
export const readDeviceList = async (file: string): Promise<readonly ListedDevice[]> => {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  const devices = new Map<string, ListedDevice>();
  let columns: readonly string[] | undefined;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const where = `${file}:${number}`;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = line.split(',').map((cell) => cell.trim());
    const [first = '', ...rest] = cells;
    if (columns === undefined && devices.size === 0 && first === 'device') {
      columns = rest;
      const wrong = columns.find((name) => !attributeName.test(name));
      if (wrong !== undefined) throw new UsageError(`${where}: not the name of an attribute: ${JSON.stringify(wrong)}`);
      continue;
    }
    const names = columns ?? [];
    if (rest.length !== names.length)
      throw new UsageError(`${where}: ${rest.length + 1} columns, but ${names.length + 1} are named`);
    const device = check(first, where);
    if (devices.has(device)) throw new UsageError(`${where}: ${device} stands here twice`);
    const wrong = rest.find((value) => !attributeValue.test(value));
    if (wrong !== undefined) throw new UsageError(`${where}: not the value of an attribute: ${JSON.stringify(wrong)}`);
    const attributes = Object.fromEntries(
      names.map((name, index) => [name, rest[index] ?? '']).filter(([, value]) => value),
    );
    devices.set(device, { device, attributes });
  }
  if (devices.size === 0) throw new UsageError(`${file}: no device in it`);
  return [...devices.values()];
};

/** `pump-00001` to `pump-00500`. */
export const generateDevices = (prefix: string, count: number): readonly ListedDevice[] => {
  const width = Math.max(5, String(count).length);
  return Array.from({ length: count }, (_, index) => ({
    device: check(`${prefix}${String(index + 1).padStart(width, '0')}`, '--prefix'),
    attributes: {},
  }));
};

import { z } from 'zod';

/** CloudWatch Logs takes these numbers of days and no others. */
const logDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const address = /^\d{1,3}(\.\d{1,3}){3}$/;
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

const isSafeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const given = new URL(text);
  return given.protocol === 'https:' || (given.protocol === 'http:' && loopback.has(given.hostname));
};
export const url = z
  .string()
  .refine(isSafeUrl, 'give a URL that starts with https:// (http:// only for the loopback address)');

export const domain = z.string().regex(hostName, 'give a lower-case domain name, such as tunnels.example.com');
export const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'give a Region such as eu-west-1');
/** A name or an IPv4 address. */
export const host = z
  .string()
  .refine((text) => hostName.test(text) || address.test(text), 'give a host name or an IPv4 address');
export const port = z.int().min(1, 'give a port from 1 to 65535').max(65_535, 'give a port from 1 to 65535');
export const email = z.email('give an e-mail address');
export const account = z.string().regex(/^\d{12}$/, 'give the 12 digits of an AWS account, in quotes');

/** A whole number of something, within bounds that the message repeats. */
export const whole = (unit: string, min: number, max: number) =>
  z.int().min(min, `give ${min} to ${max} ${unit}`).max(max, `give ${min} to ${max} ${unit}`);
export const days = z.int().refine((count) => logDays.includes(count), `give one of ${logDays.join(', ')}`);
export const memory = (preset: number) =>
  z.int().min(128, 'give at least 128 MiB').max(65_536, 'give at most 65536 MiB').default(preset);
export const image = z.string().min(1, 'give an image by its whole name').optional();
export const instanceType = z
  .string()
  .regex(/^[a-z]+\d+[a-z-]*\.([a-z]+|\d+xlarge|metal-\d+xl)$/, 'give an instance type such as c8g.large')
  .optional();

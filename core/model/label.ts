import { createHash } from 'node:crypto';
import { toBase32 } from './base32.ts';

const reserved = new Set(['jump', 'api', 'console', 'relay', 'tcp', 'www']);
/** RFC 1035 with RFC 1123's leading digit. */
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Shapes that mean something else in a host name: a server id, a tunnel, a hashed label, a port at a server. */
const taken = /^(r[a-z2-7]{9}|t-.*|d-.*|\d{1,5}-r[a-z2-7]{9})$/;

/** Whether a device id is its own label. */
export const isOwnLabel = (device: string): boolean =>
  dnsLabel.test(device) &&
  !reserved.has(device) &&
  !device.includes('--') &&
  !device.startsWith('xn--') &&
  !taken.test(device);

/** A device's DNS label: its id where that can be one, otherwise `d-` and 50 bits of its hash. A rule, no table. */
export const labelOf = (device: string): string =>
  isOwnLabel(device) ? device : `d-${toBase32(createHash('sha256').update(device).digest()).slice(0, 10)}`;

export const hashedLabelPattern = /^d-[a-z2-7]{10}$/;

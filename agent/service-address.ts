import ipaddr from 'ipaddr.js';

/** Loopback is the device itself; a LAN address is another machine and must be typed with `lan: true`. */
export type AddressVerdict =
  | { readonly ok: true; readonly host: string }
  | { readonly ok: false; readonly why: string };

const loopback = new Set(['loopback']);
const lan = new Set(['private', 'uniqueLocal']);
/** For people; the ranges not named here are rare ones, such as those for documentation. */
const words: Readonly<Record<string, string>> = {
  unicast: 'a public address',
  linkLocal: 'a link-local address, as clouds use for their metadata',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  unspecified: 'no single address',
};
/**
 * What clouds put into the unique local range: metadata, name and time servers of AWS, metadata of Google Cloud, Oracle
 * and Scaleway. A device may be a virtual machine, and whoever reads its metadata has its role.
 */
const metadata = [
  'fd00:ec2::254',
  'fd00:ec2::253',
  'fd00:ec2::123',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
].map((text) => ipaddr.parse(text).toString());

/**
 * May this address be a service? Only numbers: a name could lead elsewhere tomorrow. Link-local (and with it the
 * metadata service at 169.254.169.254), multicast, broadcast and public addresses never are.
 */
export const judgeAddress = (host: string, allowLan: boolean): AddressVerdict => {
  const text = host === 'localhost' ? '127.0.0.1' : host;
  // A zone (`%eth0`) would make one address look like many.
  if (text.includes('%') || !ipaddr.isValid(text) || (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)))
    return { ok: false, why: 'must be an IP address or localhost' };
  const address = ipaddr.process(text);
  const range = address.range();
  if (metadata.includes(address.toString()))
    return { ok: false, why: 'is a metadata service, which is never reachable' };
  if (loopback.has(range)) return { ok: true, host: address.toString() };
  if (!lan.has(range))
    return { ok: false, why: `is ${words[range] ?? `a special address (${range})`}, which is never reachable` };
  return allowLan
    ? { ok: true, host: address.toString() }
    : { ok: false, why: 'is another machine on the LAN: add "lan": true to allow it' };
};

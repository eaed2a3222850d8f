import ipaddr from 'ipaddr.js';
import { SallyportError } from '../errors.ts';

export const maxAllowed = 32;

/** IPv4-mapped IPv6 is IPv4. Throws on what is no address. */
const addressOf = (text: string) => ipaddr.process(text);

/** The range that stands for one requester: the IPv4 address, or the /64 of an IPv6 one. */
export const rangeOf = (source: string): string => {
  const address = addressOf(source);
  if (address.kind() === 'ipv4') return `${address.toString()}/32`;
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`);
  return `${network.toString()}/64`;
};

/** Canonical form of an address or CIDR range; `everyone` stands for both families. Throws `invalid_request`. */
export const parseRange = (text: string, pointer: string): string => {
  if (text === 'everyone') return text;
  try {
    const [address, bits] = text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), -1];
    const size = address.kind() === 'ipv4' ? 32 : 128;
    const length = bits < 0 ? size : bits;
    // A range of "everyone" must be typed out as that word, with a grant for it.
    if (length === 0) throw new Error('the empty prefix');
    const canonical = `${address.toString()}/${length}`;
    const network =
      address.kind() === 'ipv4'
        ? ipaddr.IPv4.networkAddressFromCIDR(canonical)
        : ipaddr.IPv6.networkAddressFromCIDR(canonical);
    return `${network.toString()}/${length}`;
  } catch (cause) {
    throw new SallyportError('invalid_request', {
      pointer,
      detail: 'not an address, a CIDR range or "everyone"',
      cause,
    });
  }
};

/** False for whatever cannot be read: unknown means no. */
export const isAllowed = (allow: readonly string[], source: string): boolean => {
  if (!ipaddr.isValid(source)) return false;
  const address = addressOf(source);
  return allow.some((range) => {
    if (range === 'everyone') return true;
    if (!ipaddr.isValidCIDR(range)) return false;
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === address.kind() && address.match(network, bits);
  });
};

import { base32 } from 'rfc4648';

/** RFC 4648 section 6 alphabet in lower case, without padding: safe in DNS labels, topics and SSH bind addresses. */
export const toBase32 = (bytes: Uint8Array): string => base32.stringify(bytes, { pad: false }).toLowerCase();

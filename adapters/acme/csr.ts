import { createPublicKey, type KeyObject, sign } from 'node:crypto';

/** One value in DER (X.690): its tag, its length, what is in it. */
const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const set = (...parts: readonly Buffer[]) => der(0x31, ...parts);
/** The encoded value of an object identifier, without its tag. */
const oid = (hexadecimal: string) => der(0x06, Buffer.from(hexadecimal, 'hex'));

const extensionRequest = oid('2a864886f70d01090e'); // 1.2.840.113549.1.9.14
const subjectAltName = oid('551d11'); // 2.5.29.17
const ecdsaWithSha256 = oid('2a8648ce3d040302'); // 1.2.840.10045.4.3.2

/**
 * A certificate request (PKCS #10, RFC 2986) for these DNS names with an EC key, in DER. The subject is empty: authorities
 * take the names from the extension, and a common name has room for 64 characters only.
 */
export const certificateRequest = (privateKey: KeyObject, names: readonly string[]): Buffer => {
  const alternatives = sequence(...names.map((name) => der(0x82, Buffer.from(name, 'ascii'))));
  const extensions = sequence(sequence(subjectAltName, der(0x04, alternatives)));
  const info = sequence(
    der(0x02, Buffer.of(0)),
    sequence(),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa0, sequence(extensionRequest, set(extensions))),
  );
  const signature = sign('sha256', info, privateKey);
  return sequence(info, sequence(ecdsaWithSha256), der(0x03, Buffer.of(0), signature));
};

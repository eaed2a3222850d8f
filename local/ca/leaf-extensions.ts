import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

/** What a server certificate says: its names, and that it serves TLS. */
export function serverExtensions(names: readonly string[], addresses: readonly string[]): x509.Extension[] {
  if (names.length + addresses.length === 0) throw new RangeError('A server certificate needs a name or an address.');
  const alternatives: x509.JsonGeneralName[] = [
    ...names.map((value) => ({ type: 'dns', value }) as const),
    ...addresses.map((value) => ({ type: 'ip', value }) as const),
  ];
  return [...leaf(SERVER), new x509.SubjectAlternativeNameExtension(alternatives, false)];
}

/** What a device certificate says: it is a client, whose name is the subject's common name. */
export const deviceExtensions = (): x509.Extension[] => leaf(CLIENT);

const leaf = (purpose: string): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([purpose]),
];

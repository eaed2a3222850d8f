import { createPrivateKey, X509Certificate } from 'node:crypto';

/** The words of problems and warnings, to which the reader of a file adds its own. */
export type Findings = { readonly problems: string[]; readonly warnings: string[] };

const names = { key: 'PRIVATE KEY-----', certificate: 'BEGIN CERTIFICATE-----', publicKey: 'PUBLIC KEY-----' } as const;

/** A PEM certificate; the first one of a chain. Its dates are only a warning: a device's clock may be wrong. */
export const judgeCertificate = (pem: string, what: string, findings: Findings): X509Certificate | undefined => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    const hint = pem.includes(names.key) ? ': it holds a private key; are the two swapped?' : '';
    findings.problems.push(`${what}: not a PEM certificate${hint}`);
    return undefined;
  }
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) < Date.now())
    findings.warnings.push(`${what}: it expired on ${validTo}, or this device's clock is wrong`);
  if (Date.parse(validFrom) > Date.now())
    findings.warnings.push(`${what}: it is good from ${validFrom} on; this device's clock may be wrong`);
  return certificate;
};

/** Whatever is wrong with a key is said without a word of it. */
export const judgeKey = (
  pem: string,
  about: { readonly what: string; readonly certificate: X509Certificate | undefined; readonly findings: Findings },
): void => {
  const { what, certificate, findings } = about;
  try {
    const key = createPrivateKey(pem);
    if (certificate !== undefined && !certificate.checkPrivateKey(key))
      findings.problems.push(`${what}: not the key of mqtt.certificate`);
  } catch {
    findings.problems.push(`${what}: not a PEM private key without a passphrase${hintOf(pem)}`);
  }
};

const hintOf = (pem: string): string => {
  if (pem.includes('ENCRYPTED')) return ': it has one, and nobody could type it at boot; openssl pkey takes it off';
  if (pem.includes('BEGIN OPENSSH')) return ': it is in the format of OpenSSH; ssh-keygen -p -N "" -m PKCS8 changes it';
  if (pem.includes(names.certificate)) return ': it holds a certificate; are the two swapped?';
  return pem.includes(names.publicKey) ? ': it holds a public key' : '';
};

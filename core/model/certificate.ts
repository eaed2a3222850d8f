import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** PEM texts: the chain, leaf first, and the leaf's private key without a passphrase. */
export type CertificateText = { readonly cert: string; readonly key: string };

export type CertificateFacts = {
  /** Milliseconds of the epoch. */
  readonly notAfter: number;
  /** Hexadecimal, as the authority numbers it. */
  readonly serial: string;
  /** SHA-256 of the leaf, in hexadecimal with colons. */
  readonly fingerprint: string;
  readonly names: string;
};
export type CertificateVerdict =
  | { readonly ok: true; readonly facts: CertificateFacts }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Chains of public authorities have two to four. */
const maxChain = 10;
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Whether routers can serve this under `<domain>`: the chain reads and is in order, the key is the leaf's, every name one
 * level under the domain is covered, and today is within its time. Says all that is wrong; no word of the key in it.
 */
export const judgeCertificate = (
  { cert, key }: CertificateText,
  { domain, now }: { readonly domain: string; readonly now: number },
): CertificateVerdict => {
  const chain = readChain(cert);
  const [leaf] = chain ?? [];
  const privateKey = readKey(key);
  const problems = [
    ...(privateKey === undefined ? ['the key is not a readable private key without a passphrase'] : []),
    ...(chain === undefined || leaf === undefined
      ? [`the certificate is not a chain of 1 to ${maxChain} readable PEM certificates`]
      : [
          ...(privateKey !== undefined && !leaf.checkPrivateKey(privateKey)
            ? ['the key is not that of the first certificate']
            : []),
          // Any name of one level would do: only a wildcard covers one that nobody has thought of.
          ...(leaf.checkHost(`any-name.${domain}`) === undefined ? [`it does not cover *.${domain}`] : []),
          ...chainProblems(chain),
          ...chain.flatMap((one, index) => timeProblems(one, index, now)),
        ]),
  ];
  if (problems.length > 0 || leaf === undefined) return { ok: false, problems };
  return {
    ok: true,
    facts: {
      notAfter: Date.parse(leaf.validTo),
      serial: leaf.serialNumber,
      fingerprint: leaf.fingerprint256,
      names: leaf.subjectAltName ?? '',
    },
  };
};

/** The end of what stands in a PEM text, whoever vouches for it; undefined where nothing can be read. */
export const endOfCertificate = (cert: string): number | undefined => {
  const [leaf] = readChain(cert) ?? [];
  return leaf === undefined ? undefined : Date.parse(leaf.validTo);
};

const readChain = (text: string): readonly X509Certificate[] | undefined => {
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0 || blocks.length > maxChain) return undefined;
  try {
    return blocks.map((one) => new X509Certificate(one));
  } catch {
    return undefined;
  }
};

const readKey = (text: string): KeyObject | undefined => {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
};

/** Clients need not sort it (RFC 5246 7.4.2 has each certify the one before), and some do not. */
const chainProblems = (chain: readonly X509Certificate[]): readonly string[] =>
  chain.flatMap((one, index) => {
    const above = chain[index + 1];
    if (above === undefined || (one.checkIssued(above) && one.verify(above.publicKey))) return [];
    return [`certificate ${index + 2} of the chain has not issued certificate ${index + 1}: put the leaf first`];
  });

const timeProblems = (one: X509Certificate, index: number, now: number): readonly string[] => {
  if (now >= Date.parse(one.validTo)) return [`certificate ${index + 1} of the chain ended on ${one.validTo}`];
  if (now < Date.parse(one.validFrom)) return [`certificate ${index + 1} of the chain begins on ${one.validFrom}`];
  return [];
};

import 'reflect-metadata'; // @peculiar/x509 registers its classes through it and does not import it itself
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { readStored, storeOnce } from './authority-file.ts';
import { deviceExtensions, serverExtensions } from './leaf-extensions.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 825;
/** Certificates begin an hour ago, so that a device with a slow clock can use one at once. */
const BACKDATE = 60 * 60 * 1000;

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
}

/** The certificate authority of a local system. */
export interface Authority {
  /** The authority's own certificate, PEM: what clients and servers are told to trust. */
  readonly certificate: string;
  /** A server certificate for these DNS names (wildcards allowed) and IP addresses. At least one of them must be given. */
  issueServer(names: readonly string[], addresses?: readonly string[]): Promise<Issued>;
  /** A client certificate. The common name has 1 to 64 characters (RFC 5280, ub-common-name). */
  issueDevice(commonName: string): Promise<Issued>;
  /**
   * Signs a request made elsewhere, so that the key never leaves its device. The subject is the request's own unless a
   * common name is given. Returns PEM; throws when the request's signature does not prove possession of its key.
   */
  signCsr(request: string, commonName?: string): Promise<string>;
}

/**
 * Makes an authority (EC P-256), or finds the one stored at `path`, so that a second start trusts what the first one
 * issued. Without a path it lives in memory. Throws when the file is there but is no authority.
 */
export async function createAuthority(path?: string): Promise<Authority> {
  const stored = path === undefined ? undefined : await readStored(path);
  if (stored !== undefined) return openAuthority(stored, path ?? 'memory');
  const made = await makeAuthority();
  // Two starts at once: the one that stored first is the authority of both.
  return openAuthority(path === undefined ? made : await storeOnce(path, made), path ?? 'memory');
}

async function makeAuthority(): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ O: ['Sallyport'] }, { CN: ['Sallyport local authority'] }],
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), privateKey: await exportKey(keys.privateKey) };
}

async function openAuthority(stored: Issued, where: string): Promise<Authority> {
  const authority = new x509.X509Certificate(stored.certificate);
  if (authority.notAfter.getTime() < Date.now()) throw new Error(`The certificate authority at ${where} has expired.`);
  const der = x509.PemConverter.decodeFirst(stored.privateKey);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);

  const sign = async (subject: x509.JsonName, publicKey: x509.PublicKey, extensions: readonly x509.Extension[]) => {
    const now = Date.now();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: authority.subjectName.toJSON(),
      notBefore: new Date(Math.max(now - BACKDATE, authority.notBefore.getTime())),
      notAfter: new Date(Math.min(now + LEAF_DAYS * DAY, authority.notAfter.getTime())),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey,
      extensions: [
        ...extensions,
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return pem(certificate);
  };

  const issue = async (subject: x509.JsonName, extensions: readonly x509.Extension[]): Promise<Issued> => {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const publicKey = new x509.PublicKey(await webcrypto.subtle.exportKey('spki', keys.publicKey));
    return {
      certificate: await sign(subject, publicKey, extensions),
      privateKey: await exportKey(keys.privateKey),
    };
  };

  return {
    certificate: stored.certificate,
    issueServer: (names, addresses = []) => issue([{ O: ['Sallyport'] }], serverExtensions(names, addresses)),
    issueDevice: async (commonName) => issue(subjectOf(commonName), deviceExtensions()),
    signCsr: async (request, commonName) => {
      const csr = new x509.Pkcs10CertificateRequest(request);
      if (!(await csr.verify())) throw new Error('The certificate request is not signed by its own key.');
      const subject = commonName === undefined ? csr.subjectName.toJSON() : subjectOf(commonName);
      return sign(subject, csr.publicKey, deviceExtensions());
    },
  };
}

function subjectOf(commonName: string): x509.JsonName {
  if (commonName.length < 1 || commonName.length > 64) throw new RangeError('A common name has 1 to 64 characters.');
  return [{ CN: [commonName] }];
}

/** 16 random bytes with the first bit cleared: RFC 5280 4.1.2.2 wants a positive number of at most 20 bytes. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY').trimEnd()}\n`;
}

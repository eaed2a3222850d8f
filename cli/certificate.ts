import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createCertificateStore } from '../adapters/secrets/certificate-store.ts';
import { type CertificateText, endOfCertificate, judgeCertificate } from '../core/model/certificate.ts';
import type { CertificateStore } from '../core/ports/certificates.ts';
import { runWork, say } from './command.ts';

const help = `npx tsx cli/certificate.ts check|put --domain D --cert F --key F [--secret ARN] [options]

Checks a wildcard certificate as routers will, and puts it into the secret that they follow. Nothing is written unless all
of it is good: chain in order, key and leaf a pair, every name under the domain covered, within its time.
Exit code 0: good (and written). 1: not good, nothing written. 2: it could not be read or written.

  --domain D      the stage's proxy domain; the certificate must cover *.D
  --cert F        PEM, leaf first, then what is between it and the root (certbot's fullchain.pem)
  --key F         PEM, without a passphrase (certbot's privkey.pem)
  --secret ARN    for put: the secret, as the output CertificateSecret of the stateful stack names it
  --even-older    put one that ends before the one that is there
  --help

put reads the usual AWS_* variables.`;

export type CertificateTools = {
  readonly args: readonly string[];
  readonly readFile: (path: string) => string;
  readonly open: (secret: string) => CertificateStore;
  readonly say: (line: string) => void;
  readonly now: number;
};

const soonDays = 30;
const day = 86_400_000;

/** Answers the exit code. */
export const certificate = async ({ args, readFile, open, say, now }: CertificateTools): Promise<0 | 1 | 2> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      domain: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      secret: { type: 'string' },
      'even-older': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, ...more] = positionals;
  const { domain, secret } = values;
  if (values.help) {
    say(help);
    return 0;
  }
  if ((command !== 'check' && command !== 'put') || more.length > 0 || !domain || !values.cert || !values.key) {
    say(help);
    return 2;
  }
  if (command === 'put' && !secret) {
    say('put needs --secret');
    return 2;
  }
  const given: CertificateText = { cert: readFile(values.cert), key: readFile(values.key) };
  const verdict = judgeCertificate(given, { domain, now });
  if (!verdict.ok) {
    for (const problem of verdict.problems) say(`not good: ${problem}`);
    return 1;
  }
  const { notAfter, names, fingerprint } = verdict.facts;
  say(`good until ${new Date(notAfter).toISOString()}: ${names}`);
  say(`SHA-256 ${fingerprint}`);
  if (notAfter - now < soonDays * day) say(`warning: it ends within ${soonDays} days`);
  if (!isVouchedFor(given.cert))
    say('warning: no public authority has issued the last of the chain; clients must be told to trust it');
  if (command === 'check' || !secret) return 0;

  const store = open(secret);
  // What cannot be read is no reason to leave it there.
  const standing = await store.read().catch(() => undefined);
  const end = standing === undefined ? undefined : endOfCertificate(standing.cert);
  if (end !== undefined && end > notAfter && !values['even-older']) {
    say(`not written: the one that is there ends later, on ${new Date(end).toISOString()}; --even-older puts this one`);
    return 1;
  }
  // As PEM files come: OpenSSL reads the one block that it needs, and what else stands in the file stays out.
  await store.write({ cert: pemOnly(given.cert), key: given.key });
  say('written; routers serve it within two minutes');
  return 0;
};

const pemOnly = (text: string): string =>
  `${(text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).join('\n')}\n`;

/** Whether a root that Node trusts has issued the last of the chain, or is it. */
const isVouchedFor = (chain: string): boolean => {
  const last = new X509Certificate(
    pemOnly(chain)
      .trimEnd()
      .split(/(?<=-----END CERTIFICATE-----)\n/)
      .at(-1) ?? '',
  );
  return rootCertificates.some((text) => {
    const root = new X509Certificate(text);
    return last.checkIssued(root) && last.verify(root.publicKey);
  });
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await runWork(() =>
    certificate({
      args: process.argv.slice(2),
      readFile: (path) => readFileSync(path, 'utf8'),
      open: (secret) => createCertificateStore({ client: new SecretsManagerClient(), secret }),
      say,
      now: Date.now(),
    }),
  );

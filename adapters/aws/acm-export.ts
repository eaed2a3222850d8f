import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { SallyportError } from '../../core/errors.ts';
import type { CertificateText } from '../../core/model/certificate.ts';
import type { CertificateIssuer } from '../../core/ports/certificates.ts';
import type { AwsCall } from './signed-call.ts';

const shown = z.object({ Certificate: z.string() });
const exported = z.object({ Certificate: z.string(), CertificateChain: z.string(), PrivateKey: z.string() });

/** A certificate of ACM that may be exported. ACM renews it by itself; what is new there is brought here. */
export const createAcmExport = ({
  call,
  certificate,
}: {
  readonly call: AwsCall;
  readonly certificate: string;
}): CertificateIssuer => {
  const ask = async <Schema extends z.ZodType>(
    operation: string,
    schema: Schema,
    input: object = {},
  ): Promise<z.output<Schema>> => {
    const text = await call({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `CertificateManager.${operation}` },
      body: JSON.stringify({ CertificateArn: certificate, ...input }),
    });
    const parsed = schema.safeParse(JSON.parse(text));
    // The schema's own message could repeat the key.
    if (!parsed.success)
      throw new SallyportError('unavailable', { detail: `ACM answered ${operation} otherwise than known` });
    return parsed.data;
  };

  return {
    async next(standing) {
      // Public, and free: the key leaves ACM only when it is another one.
      const { Certificate } = await ask('GetCertificate', shown);
      if (standing !== undefined && fingerprintOf(standing.cert) === fingerprintOf(Certificate)) return undefined;
      // It protects the key on its way here, and nobody needs it again.
      const passphrase = randomBytes(24).toString('base64url');
      const found = await ask('ExportCertificate', exported, {
        Passphrase: Buffer.from(passphrase).toString('base64'),
      });
      return textOf(found, passphrase);
    },
  };
};

const textOf = (found: z.output<typeof exported>, passphrase: string): CertificateText => {
  try {
    const key = createPrivateKey({ key: found.PrivateKey, passphrase }).export({ type: 'pkcs8', format: 'pem' });
    return { cert: `${found.Certificate.trim()}\n${found.CertificateChain.trim()}\n`, key: String(key) };
  } catch {
    throw new SallyportError('unavailable', { detail: 'the key that ACM exported cannot be read' });
  }
};

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

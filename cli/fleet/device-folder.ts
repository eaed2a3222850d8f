import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deviceCertificateRequest } from '../../adapters/acme/csr.ts';

/** What one device gets, in a folder of its own: `key.pem`, `certificate.pem`, and notes of how far it came. */
export const openDeviceFolder = (root: string, device: string) => {
  // A thing's name may have characters that a file's should not.
  const folder = join(root, encodeURIComponent(device));
  const file = (name: string) => join(folder, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : undefined);
  /** Whole or not at all, so that a stop at any moment leaves nothing half. */
  const write = (name: string, text: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file(`${name}.part`), text, { mode: 0o600 });
    renameSync(file(`${name}.part`), file(name));
  };

  return {
    folder,
    /** Made at the first call, and never sent anywhere. */
    key(): KeyObject {
      const stored = read('key.pem');
      if (stored !== undefined) return createPrivateKey(stored);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      return privateKey;
    },
    request(): string {
      const lines =
        deviceCertificateRequest(this.key(), device)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
    },
    /** The ARN of its certificate, once it has one. */
    certificateArn: (): string | undefined => read('certificate.arn')?.trim(),
    keepCertificate(pem: string, arn: string): void {
      write('certificate.pem', pem);
      // Last: where it stands, the certificate does.
      write('certificate.arn', `${arn}\n`);
    },
    isEnrolled: (): boolean => read('enrolled') !== undefined,
    markEnrolled: (): void => write('enrolled', `${new Date().toISOString()}\n`),
  };
};
export type DeviceFolder = ReturnType<typeof openDeviceFolder>;

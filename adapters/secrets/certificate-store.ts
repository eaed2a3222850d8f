import type { CertificateStore } from '../../core/ports/certificates.ts';
import { certificateSchema } from './schemas.ts';
import { type Place, parseText, readText, writeValue } from './secret-value.ts';

export const createCertificateStore = (place: Place): CertificateStore => ({
  async read() {
    const found = await readText(place);
    if (found === undefined) return undefined;
    const { cert, key } = parseText(found.text, certificateSchema);
    return { cert, key };
  },
  write: ({ cert, key }) => writeValue(place, { cert, key }),
});

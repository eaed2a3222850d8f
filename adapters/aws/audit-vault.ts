import { createHash } from 'node:crypto';
import { SallyportError } from '../../core/errors.ts';
import type { AuditVault } from '../../core/ports/audit-vault.ts';
import type { SignedFetch } from './signed-fetch.ts';

/** What another try has written already. */
const standing = 412;

/**
 * A bucket whose objects are locked as they come: its own default retention does that, so that the writer needs no right
 * to say for how long. S3 wants a checksum with each object of such a bucket.
 */
export const createBucketVault = (send: SignedFetch): AuditVault => ({
  async put(name, text) {
    const { status, text: answer } = await send({
      method: 'PUT',
      path: `/audit/${name}`,
      headers: {
        'content-type': 'application/jsonl',
        'if-none-match': '*',
        'x-amz-checksum-sha256': createHash('sha256').update(text).digest('base64'),
      },
      body: text,
    }).catch((cause: unknown) => {
      throw new SallyportError('unavailable', { detail: 'the bucket does not answer', cause });
    });
    if (status === standing || status < 300) return;
    const code = /<Code>(\w{1,100})<\/Code>/.exec(answer)?.[1] ?? '';
    throw new SallyportError('unavailable', { detail: `the bucket refused: ${status} ${code}`.trim() });
  },
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this run, for what many files need and one makes. */
export default () => {
  process.env.SALLYPORT_TEST_RUN = mkdtempSync(join(tmpdir(), 'sallyport-tests-'));
};

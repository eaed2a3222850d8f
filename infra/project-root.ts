import { fileURLToPath } from 'node:url';

/** Where `cdk.json` stands. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

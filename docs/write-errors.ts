import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorTable } from '../core/errors.ts';

/** The page of all error codes, as it follows from the one table in `core/errors.ts`. */
export const errorsPage = (): string => {
  const rows = Object.entries(errorTable)
    .sort(([, one], [, other]) => one.status - other.status)
    .map(
      ([code, { status, retry, title, next }]) =>
        `| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} | ${title} | ${next} |`,
    );
  return `# Errors

Written by \`npx tsx docs/write-errors.ts\` from \`core/errors.ts\`; a test compares the two.

Every refusal has one of these codes, whichever way it reaches you: as \`code\` of a problem+json body (RFC 9457) from the
API, inside a \`refused\` event by MQTT, as the text of a refused channel or in a log line at the end of an SSH client, as
the body of an HTTP answer of a router, and as \`code\` of the audit record. \`type\` is \`urn:sallyport:error:<code>\`,
\`pointer\` (RFC 6901) names the field that is wrong, and \`retry\` says whether the same request can succeed later; the API
then sends \`Retry-After\`. \`device_offline\` and \`device_silent\` carry \`lastSeenAt\`, the device's last hello.

| code | status | retry | means | what to do |
|---|---|---|---|---|
${rows.join('\n')}
`;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(join(import.meta.dirname, 'errors.md'), errorsPage());

/**
 * Where a container begins.
 *
 *   node entry.mjs            checks the installation, then becomes the process
 *   node entry.mjs --check    checks the installation: exit 0, or 1 with the reason
 *   node entry.mjs --health   asks the running process for its health: exit 0, or 1 with the reason
 */
import { get } from 'node:http';

/** Shorter than the health check's own time-out, so that the reason is still said. */
const healthMilliseconds = 3_000;

const fail = (why) => {
  process.stderr.write(`${why}\n`);
  process.exit(1);
};

/**
 * ssh2 goes on without its native addon, at 1.5 to 3 times the CPU for each byte. An image is built once and sized for
 * it, so one that lacks the addon is broken and must not start.
 */
const checkAddon = async () => {
  // By `default`: Node does not find this one among the module's names.
  const { default: crypto } = await import('ssh2/lib/protocol/crypto.js');
  if (crypto.bindingAvailable !== true)
    fail(`the native addon of ssh2 did not load in Node ${process.version}: build the image anew, for this version`);
};

const checkHealth = () => {
  const address = process.env.SALLYPORT_ADMIN_LISTEN;
  if (address === undefined) fail('there is nobody to ask: SALLYPORT_ADMIN_LISTEN is not set');
  const asked = get(`http://${address}/healthz`, { timeout: healthMilliseconds }, (response) => {
    response.resume();
    if (response.statusCode !== 200) fail(`the process answered ${response.statusCode}`);
    process.exit(0);
  });
  asked.on('timeout', () => fail(`no answer in ${healthMilliseconds / 1_000} s`));
  asked.on('error', (error) => fail(`no answer: ${error.message}`));
};

const [mode] = process.argv.slice(2);
if (mode === undefined) {
  await checkAddon();
  await import('./main.mjs');
} else if (mode === '--check') {
  await checkAddon();
  process.stdout.write(`Node ${process.version}, native SSH ciphers: ready\n`);
} else if (mode === '--health') checkHealth();
else fail(`unknown option ${JSON.stringify(mode)}: give none, --check or --health`);

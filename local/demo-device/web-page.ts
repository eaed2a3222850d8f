import { randomBytes } from 'node:crypto';
import { type LoopbackServer, serveLoopback } from '../loopback.ts';

/**
 * A small page on the device, as a router or a camera has one. `/nonce` answers a number that was drawn here, at the
 * start, and that nobody else knows: whoever has it came through.
 */
export const startWebPage = (name: string): Promise<LoopbackServer> => {
  const nonce = randomBytes(16).toString('hex');
  const startedAt = new Date().toISOString();
  const page = `<!doctype html><title>${name}</title><h1>${name}</h1><p>Running since ${startedAt}.<p>Nonce <code>${nonce}</code>\n`;
  return serveLoopback((request, response) => {
    if (request.url === '/nonce') response.setHeader('content-type', 'text/plain').end(`${nonce}\n`);
    else if (request.url === '/') response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    else response.writeHead(404).end('not here\n');
  });
};

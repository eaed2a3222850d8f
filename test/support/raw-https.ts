import { once } from 'node:events';
import { connect } from 'node:tls';
import type { LocalSystem } from '../../local/system/system.ts';

/** Sends bytes that no HTTP client would, to the router; answers the head and the JSON that came before it hung up. */
export async function rawHttps(
  { authority, routerPort: port }: Pick<LocalSystem, 'authority' | 'routerPort'>,
  servername: string,
  bytes: string,
): Promise<{ readonly head: string; readonly body: string }> {
  const socket = connect({ port, host: '127.0.0.1', servername, ca: authority.certificate });
  const said: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => said.push(chunk)).on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  const text = Buffer.concat(said).toString('utf8');
  // Between the sizes of chunks, or after a length.
  return { head: text.split('\r\n\r\n', 1)[0] ?? '', body: /\{.*\}/s.exec(text)?.[0] ?? '' };
}

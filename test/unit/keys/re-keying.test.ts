import { once } from 'node:events';
import { connect } from 'node:net';
import { connectSsh } from '../../../adapters/ssh/client.ts';
import { generateEd25519, type KeyPair } from '../../../adapters/ssh/keys.ts';
import { WindowBudget } from '../../../adapters/ssh/receive-window.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { clientKey, forwardedTo, grant, startServer } from '../adapters-ssh/harness.ts';

/** Key exchange happens again within a connection (RFC 4253 section 9), and clients check the host key each time. */
test('a connection that stands is re-keyed with the key it began with, though new ones are shown another', async () => {
  let keys: readonly KeyPair[] = [generateEd25519()];
  const [before, after] = [keys, [generateEd25519()]];
  const server = await startServer({ hostKeys: () => keys, limits: { rekeyBytes: 100_000 } });
  const dial = async (pin: string) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, noDelay: true });
    await once(socket, 'connect');
    return connectSsh({
      ...{ socket, user: 'pump-7', key: clientKey, timers: systemTimers, software: 'test', pins: [pin] },
      ...{ timeoutMilliseconds: 10_000, keepaliveSeconds: 30 },
      window: { initial: 65_536, maximum: 65_536, budget: new WindowBudget(0) },
      onForwarded: (incoming) => {
        const stream = incoming.accept();
        stream.on('error', () => undefined).pipe(stream);
      },
    });
  };
  const pinOf = (pairs: readonly KeyPair[]) => pairs[0]?.publicKey.fingerprint ?? '';
  const old = await dial(pinOf(before));
  const session = await server.session();
  grant(session);
  await old.forward('tunnel', { timeoutMilliseconds: 10_000 });
  const stream = await forwardedTo(session, 'tunnel', 5000);
  keys = after;
  await expect(dial(pinOf(before))).rejects.toMatchObject({ code: 'host_key_refused' });
  const fresh = await dial(pinOf(after));
  fresh.end('seen');

  // Ten times what calls for new keys.
  let got = 0;
  stream.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  for (let sent = 0; sent < 1_000_000; sent += 10_000) stream.write(Buffer.alloc(10_000));
  while (got < 1_000_000) await once(stream, 'data');
  expect(got).toBe(1_000_000);
  old.end('done');
  await server.close();
});

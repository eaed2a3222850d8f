import { once } from 'node:events';
import { connect } from 'node:net';
import { ListenError, listen } from '../../../net/listen.ts';

const nothing = () => undefined;

describe('listen', () => {
  test('says which address is taken and what to do', async () => {
    const first = await listen({ host: '127.0.0.1', port: 0, onConnection: nothing });
    const second = listen({ host: '127.0.0.1', port: first.port, onConnection: nothing, purpose: 'the door' });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${first.port} (the door): the port is taken; stop what holds it, or choose another port`,
    });
    await first.close();
  });

  test('says that an address is not of this machine', async () => {
    await expect(listen({ host: '192.0.2.1', port: 0, onConnection: nothing })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
  });

  test('close destroys what is open, frees the port and may be called twice', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, onConnection: nothing });
    const client = connect(listener.port, '127.0.0.1');
    client.on('error', nothing);
    await once(client, 'connect');
    const closed = once(client, 'close');
    await Promise.all([listener.close(), listener.close()]);
    await closed;
    const again = await listen({ host: '127.0.0.1', port: listener.port, onConnection: nothing });
    await again.close();
    expect(listener.connections).toBe(0);
  });

  test('stopAccepting refuses new connections and keeps the open ones', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, onConnection: (socket) => void socket.pipe(socket) });
    const client = connect(listener.port, '127.0.0.1');
    await once(client, 'connect');
    client.write('one');
    await once(client, 'data');
    listener.stopAccepting();
    const late = connect(listener.port, '127.0.0.1');
    const [error] = await once(late, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    client.write('two');
    expect(String((await once(client, 'data'))[0])).toBe('two');
    client.destroy();
    await listener.close();
  });

  test('drops connections beyond the limit', async () => {
    let drop: () => void = nothing;
    const dropped = new Promise<void>((resolve) => {
      drop = resolve;
    });
    const listener = await listen({
      host: '127.0.0.1',
      port: 0,
      onConnection: nothing,
      maxConnections: 1,
      onDropped: () => drop(),
    });
    const first = connect(listener.port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(listener.port, '127.0.0.1').on('error', nothing);
    await dropped;
    second.destroy();
    first.destroy();
    await listener.close();
  });
});

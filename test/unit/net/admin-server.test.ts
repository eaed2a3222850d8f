import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type AdminServer, startAdminServer } from '../../../net/admin-server.ts';
import { ListenError } from '../../../net/listen.ts';

const ask = async (port: number, path: string, method = 'GET') => {
  const sent = request({ host: '127.0.0.1', port, path, method, agent: false }).end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const part of response) body += part;
  return { status: response.statusCode, type: response.headers['content-type'], allow: response.headers.allow, body };
};

describe('the admin server', () => {
  let server: AdminServer;
  let metrics = () => 'sallyport_native_crypto 1\n';
  beforeAll(async () => {
    server = await startAdminServer({ host: '127.0.0.1', port: 0, metrics: () => metrics() });
  });
  afterAll(() => server.close());

  test('says ok for as long as it lives', async () => {
    expect(await ask(server.port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test('shows the metrics of the moment as Prometheus text', async () => {
    expect(await ask(server.port, '/metrics')).toMatchObject({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: 'sallyport_native_crypto 1\n',
    });
    metrics = () => 'sallyport_tunnels 7\n';
    expect((await ask(server.port, '/metrics?format=text')).body).toBe('sallyport_tunnels 7\n');
  });

  test.each(['/', '/healthz/', '/metrics/x', '/../metrics', '//healthz', '/HEALTHZ'])(
    'has nothing at %s',
    async (path) => expect((await ask(server.port, path)).status).toBe(404),
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('answers no %s', async (method) =>
    expect(await ask(server.port, '/healthz', method)).toMatchObject({ status: 405, allow: 'GET' }),
  );

  test('metrics that fail are an answer too, and health stays', async () => {
    metrics = () => {
      throw new Error('secret');
    };
    const failed = await ask(server.port, '/metrics');
    expect(failed.status).toBe(500);
    expect(failed.body).not.toContain('secret');
    expect((await ask(server.port, '/healthz')).status).toBe(200);
  });

  test('what is no HTTP is sent away, and the next one is served', async () => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write('SSH-2.0-lost\r\n\r\n'));
    socket.on('error', () => undefined).resume();
    await once(socket, 'close');
    expect((await ask(server.port, '/healthz')).status).toBe(200);
  });

  test('a taken port is a clear error', async () => {
    const second = startAdminServer({ host: '127.0.0.1', port: server.port, metrics });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow('(health and metrics)');
  });

  test('close ends a visitor who waits, and may be called twice', async () => {
    const other = await startAdminServer({ host: '127.0.0.1', port: 0, metrics });
    const idle = connect(other.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const closed = once(idle, 'close');
    await Promise.all([other.close(), other.close()]);
    await closed;
  });
});

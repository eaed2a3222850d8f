import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { httpsGet } from '../support/https-get.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { openSystemStore, type SystemStore } from '../support/system-store.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['ssh-keygen', 'sshd'], 'a link for a browser, through the whole system', () => {
  let system: TestSystem;
  let store: SystemStore;

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 1 });
    store = await openSystemStore(system);
    await system.device('pump-7');
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await system?.stop();
  }, 60_000);

  const nameOf = ({ id }: Pick<TunnelView, 'id'>) => `t-${id}.${system.domain}`;
  const askLink = (id: string) =>
    system.ada.call<{ readonly url: string; readonly endsAt: string }>('POST', `/v1/tunnels/${id}/links`, {});
  const enter = async (tunnel: TunnelView) => {
    const { status, body } = await askLink(tunnel.id);
    expect(status).toBe(201);
    const { host, pathname, search } = new URL(body.url);
    expect(host).toBe(nameOf(tunnel));
    expect(Date.parse(body.endsAt) - Date.now()).toBeLessThanOrEqual(60_000);
    const path = `${pathname}${search}`;
    return { path, ...(await httpsGet(system, host, { path })) };
  };

  test('opens the page of the device once; the cookie opens it until the tunnel ends', async () => {
    const tunnel = await system.open('pump-7', { service: 'web' });
    const { path, status, cookie = '' } = await enter(tunnel);
    expect({ status, cookie }).toEqual({ status: 303, cookie: expect.stringMatching(/^__Host-sallyport=/) });
    const again = await httpsGet(system, nameOf(tunnel), { path });
    expect({ status: again.status, cookie: again.cookie }).toEqual({ status: 401, cookie: undefined });
    const page = () => httpsGet(system, nameOf(tunnel), { cookie, path: '/nonce' });
    expect(await page()).toMatchObject({ status: 200, body: expect.stringMatching(/^[0-9a-f]{32}\n$/) });
    expect(await httpsGet(system, nameOf(tunnel))).toMatchObject({ status: 401 });

    const used = { tunnel: tunnel.id, operator: tunnel.operator };
    const made = await store.record({ kind: 'allowed', action: 'link', ...used });
    expect(await store.record({ kind: 'allowed', action: 'link.use', ...used })).toMatchObject({ facts: made.facts });
    await store.record({ kind: 'refused', action: 'link.use', code: 'unauthenticated', ...used });
    await store.record({ kind: 'allowed', action: 'connect', way: 'http', ...used });

    await mustCall(system.ada, 'DELETE', `/v1/tunnels/${tunnel.id}`);
    expect(await askLink(tunnel.id)).toMatchObject({ status: 409, body: { code: 'tunnel_closed' } });
    // A decision may be 5 s old.
    const until = performance.now() + 6_000;
    let closed = await page();
    while (closed.status === 200 && performance.now() < until) closed = await page();
    expect(closed).toMatchObject({ status: 409, body: expect.stringContaining('tunnel_closed') });
  }, 30_000);

  test('is for web pages only, and for whoever opened the tunnel', async () => {
    const [ssh, web] = [await system.open('pump-7'), await system.open('pump-7', { service: 'web' })];
    expect(await askLink(ssh.id)).toMatchObject({ status: 404, body: { code: 'unknown_service' } });
    expect(await askLink('a'.repeat(16))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const more = await system.ada.call('POST', `/v1/tunnels/${web.id}/links`, { path: '/' });
    expect(more).toMatchObject({ status: 400, body: { code: 'invalid_request', pointer: '/path' } });
  });

  test('while the audit table is away there is none, and none is good', async () => {
    const tunnel = await system.open('pump-7', { service: 'web' });
    await store.record({ action: 'forward', tunnel: tunnel.id });
    const { body } = await askLink(tunnel.id);
    const { pathname, search } = new URL(body.url);
    const target = { table: store.tableName('audit') };
    system.plane.endpoint.setFault(target, { kind: 'error', status: 500, code: 'InternalServerError' });
    try {
      expect(await askLink(tunnel.id)).toMatchObject({ status: 503 });
      const entered = await httpsGet(system, nameOf(tunnel), { path: `${pathname}${search}` });
      expect(entered).toMatchObject({ status: 503, cookie: undefined });
    } finally {
      system.plane.endpoint.setFault(target, undefined);
    }
  });
});

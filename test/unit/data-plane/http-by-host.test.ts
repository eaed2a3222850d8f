import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SallyportError } from '../../../core/errors.ts';
import type { Tunnel } from '../../../core/model/tunnel.ts';
import { createAuthority } from '../../../local/ca/authority.ts';
import { type DataPlane, domain, operator, startDataPlane } from '../../support/data-plane.ts';
import { run, start } from '../../support/run.ts';
import { describeWith } from '../../support/tools.ts';
import { startWebService, type WebService } from '../../support/web-service.ts';

describeWith(['ssh', 'ssh-keygen', 'curl'], 'HTTP by Host', () => {
  let plane: DataPlane;
  let router: Awaited<ReturnType<DataPlane['router']>>;
  let folder: string;
  let service: WebService;
  let device: ReturnType<typeof start>;
  let tunnel: Tunnel;
  let seen: readonly IncomingMessage[] = [];
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('device')]);
    service = await startWebService();
    const { port } = service;
    seen = service.seen;
    const authority = await createAuthority();
    const issued = await authority.issueServer([`*.${domain}`], []);
    writeFileSync(file('ca.pem'), authority.certificate);
    plane = await startDataPlane();
    const relay = await plane.relay();
    router = await plane.router({
      certificate: { cert: issued.certificate, key: issued.privateKey },
      tokens: {
        verify: async (token) => {
          if (token !== 'ada' && token !== 'eve') throw new SallyportError('unauthenticated');
          const id = token === 'ada' ? operator : 'o'.padEnd(26, 'e');
          return { id, groups: ['support'], issuedAt: Date.now(), expiresAt: Date.now() + 60_000 };
        },
      },
    });
    await plane.device('pump-7', readFileSync(file('device.pub'), 'utf8'));
    await plane.grant(['web']);
    tunnel = await plane.tunnel('pump-7', { service: 'web', scheme: 'http' });
    device = start('ssh', [
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ExitOnForwardFailure=yes'],
      ...[
        '-N',
        '-i',
        file('device'),
        '-p',
        String(relay.port),
        '-R',
        `${tunnel.id}:0:127.0.0.1:${port}`,
        'pump-7@127.0.0.1',
      ],
    ]);
    await device.says(/Allocated port/);
  });
  afterAll(async () => {
    await device.kill();
    await plane.stop();
    service.close();
    rmSync(folder, { recursive: true });
  });

  const curl = (args: readonly string[], name = `t-${tunnel.id}.${domain}`, path = '/') =>
    run('curl', [
      ...['-sS', '--cacert', file('ca.pem'), '--resolve', `${name}:${router.port}:127.0.0.1`, '-w', '\n%{http_code}'],
      ...args,
      `https://${name}:${router.port}${path}`,
    ]);
  const token = (value: string) => ['-H', `Authorization: Bearer ${value}`];

  test('refuses a tunnel that its device never confirmed, within 2 s and with the reason', async () => {
    const reply = await curl(token('ada'));
    expect(reply.out).toContain('not_confirmed');
    expect(reply.out).toMatch(/503$/);
    expect(seen).toHaveLength(0);
  });

  describe('once the device has confirmed its relay', () => {
    beforeAll(async () => {
      const row = await plane.tunnels.get(tunnel.id);
      await plane.tunnels.confirm(tunnel.id, 'pump-7', row?.holder?.serverId ?? '', Date.now());
    });

    test("passes a request on without the operator's token", async () => {
      const reply = await curl([...token('ada'), '-H', 'X-Forwarded-For: 6.6.6.6'], undefined, '/status?deep=1');
      expect(reply.out).toBe('you asked for /status?deep=1\n\n200');
      const { headers } = seen.at(-1) as IncomingMessage;
      expect(headers.authorization).toBeUndefined();
      expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    });

    test('leaves Authorization to the device when the token came as Sallyport-Token', async () => {
      await curl(['-H', 'Sallyport-Token: ada', '-H', 'Authorization: Basic ZGV2aWNl']);
      const { headers } = seen.at(-1) as IncomingMessage;
      expect(headers.authorization).toBe('Basic ZGV2aWNl');
      expect(headers['sallyport-token']).toBeUndefined();
    });

    test('carries an upload and an upgrade', async () => {
      writeFileSync(file('big'), Buffer.alloc(5_000_000, 'x'));
      expect((await curl([...token('ada'), '--data-binary', `@${file('big')}`])).out).toMatch(/200$/);
      const upgraded = await curl([
        ...token('ada'),
        '--http1.1',
        '-H',
        'Connection: Upgrade',
        '-H',
        'Upgrade: websocket',
      ]);
      expect(upgraded.out).toContain('frames');
    });

    test.each([
      ['no token', [], 401, 'unauthenticated'],
      ['a forged token', ['-H', 'Authorization: Bearer mallory'], 401, 'unauthenticated'],
      ['another operator', ['-H', 'Authorization: Bearer eve'], 404, 'not_found'],
      [
        'a Host that is not the name connected to',
        ['-H', 'Authorization: Bearer ada', '-H', `Host: other.${domain}`],
        421,
        'misdirected',
      ],
    ])('refuses %s, on record', async (_name, args, status, code) => {
      const before = seen.length;
      const reply = await curl(args);
      expect(reply.out).toMatch(new RegExp(`${code}[^]*${status}$`));
      expect(seen).toHaveLength(before);
      expect(
        plane.lines.filter(({ event, fields }) => event === 'connect.refused' && fields.code === code),
      ).not.toHaveLength(0);
    });

    test('sends whoever comes without TLS away before a token can cross in the clear', async () => {
      const reply = await run('curl', [
        '-sS',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        `http://127.0.0.1:${router.port}/`,
      ]);
      expect(reply.out).toBe('426');
    });
  });
});

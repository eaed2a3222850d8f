import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Link, newLinkId } from '../../../core/model/link.ts';
import type { Tunnel } from '../../../core/model/tunnel.ts';
import { createAuthority } from '../../../local/ca/authority.ts';
import { type DataPlane, domain, operator, startDataPlane } from '../../support/data-plane.ts';
import { run, start } from '../../support/run.ts';
import { describeWith } from '../../support/tools.ts';
import { startWebService, type WebService } from '../../support/web-service.ts';

// A browser, as far as headers and cookies go: curl with a jar.

describeWith(['ssh', 'ssh-keygen', 'curl'], 'a link for a browser', () => {
  let plane: DataPlane;
  let router: Awaited<ReturnType<DataPlane['router']>>;
  let folder: string;
  let service: WebService;
  let device: ReturnType<typeof start>;
  let tunnel: Tunnel;
  let other: Tunnel;
  let isOnceAway = false;
  let seen: readonly IncomingMessage[] = [];
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('device')]);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('operator')]);
    service = await startWebService((response) =>
      response.setHeader('set-cookie', [
        `theme=dark; Domain=${domain}; Path=/`,
        '__Host-sallyport=planted; Path=/; Secure',
      ]),
    );
    const { port } = service;
    seen = service.seen;
    const authority = await createAuthority();
    const issued = await authority.issueServer([`*.${domain}`], []);
    writeFileSync(file('ca.pem'), authority.certificate);
    plane = await startDataPlane();
    const relay = await plane.relay();
    router = await plane.router({
      certificate: { cert: issued.certificate, key: issued.privateKey },
      once: {
        claim: (...note) => (isOnceAway ? Promise.reject(new Error('away')) : plane.once.claim(...note)),
      },
    });
    await plane.device('pump-7', readFileSync(file('device.pub'), 'utf8'));
    await plane.operatorKey(readFileSync(file('operator.pub'), 'utf8'));
    await plane.grant(['web']);
    [tunnel, other] = [
      await plane.tunnel('pump-7', { service: 'web', scheme: 'http' }),
      await plane.tunnel('pump-7', { service: 'web', scheme: 'http' }),
    ];
    device = start('ssh', [
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ExitOnForwardFailure=yes'],
      ...['-N', '-i', file('device'), '-p', String(relay.port)],
      ...[tunnel, other].flatMap(({ id }) => ['-R', `${id}:0:127.0.0.1:${port}`]),
      'pump-7@127.0.0.1',
    ]);
    await device.says(/Allocated port[\s\S]*Allocated port/);
    for (const { id } of [tunnel, other]) {
      const row = await plane.tunnels.get(id);
      await plane.tunnels.confirm(id, 'pump-7', row?.holder?.serverId ?? '', Date.now());
    }
  });
  afterAll(async () => {
    await device.kill();
    await plane.stop();
    service.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    isOnceAway = false;
  });

  const linkTo = (changes: Partial<Link> = {}): Promise<string> =>
    plane.links.link({
      ...{
        id: newLinkId({ bytes: randomBytes }),
        operator,
        tunnel: tunnel.id,
      },
      ...{ endsAt: Date.now() + 60_000, visitEndsAt: Date.now() + 600_000, ...changes },
    });
  const nameOf = ({ id }: Tunnel) => `t-${id}.${domain}`;
  const curl = (path: string, args: readonly string[] = [], at = tunnel) =>
    run('curl', [
      ...['-sS', '-i', '--cacert', file('ca.pem'), '--resolve', `${nameOf(at)}:${router.port}:127.0.0.1`],
      ...[...args, `https://${nameOf(at)}:${router.port}${path}`],
    ]);
  const follow = (token: string, args: readonly string[] = [], at = tunnel) =>
    curl(`/.sallyport/link?token=${token}`, args, at);
  const entered = async (jar: string, changes: Partial<Link> = {}) => {
    const { out } = await follow(await linkTo(changes), ['-c', file(jar)]);
    expect(out).toContain('HTTP/1.1 303');
    return ['-b', file(jar)];
  };
  const own = () => `https://${nameOf(tunnel)}:${router.port}`;

  test('becomes a cookie of this name alone, that no page can read and no device sees', async () => {
    const { out } = await follow(await linkTo(), ['-c', file('jar')]);
    expect(out).toMatch(/^HTTP\/1\.1 303 See Other/);
    expect(out).toMatch(/^location: \/\r$/im);
    expect(out).toMatch(/^cache-control: no-store\r$/im);
    expect(out).toMatch(/^referrer-policy: no-referrer\r$/im);
    const [cookie = ''] = /^set-cookie: .*$/im.exec(out) ?? [];
    expect(cookie).toMatch(
      /^set-cookie: __Host-sallyport=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=(59\d|600)$/i,
    );
    expect(seen).toHaveLength(0);

    const page = await curl('/page', ['-b', file('jar'), '-H', 'Cookie: theme=dark']);
    expect(page.out).toContain('you asked for /page');
    expect(seen.at(-1)?.headers.cookie).toBe('theme=dark');
    // Nor can the device set cookies for other tunnels, or ours.
    expect(page.out.match(/^set-cookie: .*$/gim)).toEqual(['set-cookie: theme=dark; Path=/']);
    const upgraded = await curl('/', [
      ...['-b', file('jar'), '--http1.1', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'],
      ...['-H', `Origin: ${own()}`],
    ]);
    expect(upgraded.out).toContain('frames');
    const actions = plane.lines.filter(({ event }) => event.startsWith('link.use') || event === 'connect.allowed');
    expect(actions.map(({ event }) => event).slice(0, 2)).toEqual(['link.use.allowed', 'connect.allowed']);
  });

  test('is good once, also for twenty at the same time', async () => {
    const token = await linkTo();
    const all = await Promise.all(Array.from({ length: 20 }, () => follow(token)));
    const statuses = all.map(({ out }) => /^HTTP\/1\.1 (\d+)/.exec(out)?.[1]).sort();
    expect(statuses).toEqual(['303', ...Array.from({ length: 19 }, () => '401')]);
    expect(all.find(({ out }) => out.includes('401'))?.out).toContain('the link was used before: ask for another');
  });

  test('is not used up by whoever only asks for its head', async () => {
    const token = await linkTo();
    expect((await follow(token, ['-X', 'POST'])).out).toContain('405');
    expect((await follow(token, ['-I'])).out).toContain('405');
    expect((await follow(token)).out).toContain('HTTP/1.1 303');
  });

  test.each<[string, () => Promise<string>]>([
    ['too old', () => linkTo({ endsAt: Date.now() - 1_000 })],
    ['for another tunnel', () => linkTo({ tunnel: other.id })],
    ['a cookie', () => plane.links.visit({ operator, tunnel: tunnel.id, endsAt: Date.now() + 60_000 })],
    ['altered', async () => (await linkTo()).replace(/\.[^.]{4}/, '.AAAA')],
    ['none', async () => ''],
    ['a megabyte', async () => 'x'.repeat(7_000)],
  ])('is refused when it is %s, on record', async (_what, make) => {
    const before = plane.lines.length;
    const { out } = await follow(await make());
    expect(out).toContain('HTTP/1.1 401');
    expect(out).not.toContain('set-cookie');
    expect(plane.lines.slice(before).map(({ event }) => event)).toContain('link.use.refused');
  });

  test('is refused when it cannot be told whether it was used, and when its operator signed in too long ago', async () => {
    isOnceAway = true;
    expect((await follow(await linkTo())).out).toContain('HTTP/1.1 503');
    isOnceAway = false;
    const stranger = `o${'a'.repeat(25)}`;
    expect((await follow(await linkTo({ operator: stranger }))).out).toContain('sign_in_expired');
  });

  test.each<[string, () => readonly string[], number]>([
    ["another device's page posts", () => ['-X', 'POST', '-H', `Origin: https://${nameOf(other)}`], 403],
    ["another device's page posts, as a browser tells", () => ['-X', 'POST', '-H', 'Sec-Fetch-Site: same-site'], 403],
    ['another page shows it in a frame', () => [...opened('cross-site', 'iframe')], 403],
    [
      'another page asks for a picture',
      () => ['-H', 'Sec-Fetch-Site: same-site', '-H', 'Sec-Fetch-Mode: no-cors'],
      403,
    ],
    [
      'another page opens a WebSocket',
      () => [
        ...['--http1.1', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'],
        ...['-H', `Origin: https://${nameOf(other)}`],
      ],
      403,
    ],
    ['somebody follows a hyperlink', () => opened('cross-site', 'document'), 200],
    ['its own page posts', () => ['-X', 'POST', '-H', `Origin: ${own()}`], 200],
    [
      'its own page posts and hides its name',
      () => ['-X', 'POST', '-H', 'Origin: null', '-H', 'Sec-Fetch-Site: same-origin'],
      200,
    ],
    ['somebody types the address', () => opened('none', 'document'), 200],
  ])('with its cookie, %s', async (_who, headers, status) => {
    const cookie = await entered('asked');
    const before = seen.length;
    const { out } = await curl('/', [...cookie, ...headers()]);
    expect(out).toContain(`HTTP/1.1 ${status}`);
    expect(seen.length - before).toBe(status === 200 ? 1 : 0);
  });
  const opened = (site: string, dest: string) => [
    ...['-H', `Sec-Fetch-Site: ${site}`, '-H', 'Sec-Fetch-Mode: navigate', '-H', `Sec-Fetch-Dest: ${dest}`],
  ];

  test('a cookie opens no other tunnel, is no link, and dies with the grant', async () => {
    await entered('moved');
    const token = /__Host-sallyport\t(\S+)/.exec(readFileSync(file('moved'), 'utf8'))?.[1] ?? '';
    const elsewhere = await curl('/', ['-H', `Cookie: __Host-sallyport=${token}`], other);
    expect(elsewhere.out).toContain('HTTP/1.1 401');
    const forged = await curl('/', ['-H', `Cookie: __Host-sallyport=${await linkTo()}`]);
    expect(forged.out).toContain('HTTP/1.1 401');

    const { grants } = plane;
    const [grant] = await grants.of(['group:support']);
    if (grant === undefined) throw new Error('no grant');
    await grants.remove(grant.principal, grant.id);
    await plane.changes.append({ kind: 'grant_narrowed', principal: grant.principal }, Date.now());
    const until = performance.now() + 6_000;
    let out = '';
    do ({ out } = await curl('/', ['-H', `Cookie: __Host-sallyport=${token}`]));
    while (out.includes('HTTP/1.1 200') && performance.now() < until);
    expect(out).toContain('HTTP/1.1 404');
    await grants.put(grant);
  });

  test("what else is below our own paths is no device's", async () => {
    const before = seen.length;
    const cookie = await entered('own');
    expect((await curl('/.sallyport/else', cookie)).out).toContain('HTTP/1.1 404');
    expect(seen).toHaveLength(before);
  });
});

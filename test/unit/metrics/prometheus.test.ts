import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { prometheusName } from '../../../adapters/stdout/prometheus-text.ts';
import { metricNames, metricSpec } from '../../../core/metric-names.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { relayHost } from '../../../local/system/system.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';
import { describeWith } from '../../support/tools.ts';

const ofProcesses = metricNames.filter((name) => metricSpec(name).from.some((from) => from !== 'function'));

/** Histograms are asked for by their buckets, sums and counts. */
const askedNames = (): readonly string[] => {
  const text = readFileSync(join(projectRoot, 'docs/grafana/sallyport.json'), 'utf8');
  const asked = [...text.matchAll(/sallyport_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
  return [...new Set(asked)].sort();
};

test('the Grafana dashboard asks for every metric of relays and routers but few, and for no other', () => {
  const known = new Set(ofProcesses.map(prometheusName));
  const asked = askedNames();
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const left = [...known].filter((name) => !asked.includes(name)).sort();
  expect(left).toEqual([
    'sallyport_requests_refused_total',
    'sallyport_secret_reloads_total',
    'sallyport_tunnels_taken_total',
  ]);
});

/** A port that was free a moment ago, on an address of one's own. */
const freePort = (host: string): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

describeWith(['ssh', 'ssh-keygen', 'sshd'], 'real processes', () => {
  let system: TestSystem;
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 0 });
    const host = relayHost(7);
    const [relay, router] = await Promise.all([freePort(host), freePort(host)]);
    await system.dataPlane.startRelay(host, { SALLYPORT_ADMIN_LISTEN: `${host}:${relay}` });
    const second = await system.dataPlane.startRouter(0, { SALLYPORT_ADMIN_LISTEN: `${host}:${router}` });
    urls.relay = `http://${host}:${relay}`;
    urls.router = `http://${host}:${router}`;
    const pump = await system.device('pump-7');
    await system.writeSshConfig();
    // By the router with the admin port, and not by the one that the config names.
    const proxy = `ssh -W %h:%p -F ${system.state.file('ssh_config')} -p ${second.child.ready.port} 127.0.0.1`;
    const args = ['-o', `ProxyCommand=${proxy} -i ${system.keyFile} -o StrictHostKeyChecking=no`];
    const { code, err } = await system.ssh([
      ...args,
      '-o',
      'ProxyJump=none',
      `${pump.machine.ready.login}@pump-7.${system.domain}`,
      'true',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: expect.any(String) });
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  const scrape = async (process: string): Promise<string> => {
    const reply = await fetch(`${urls[process]}/metrics`);
    expect(reply.headers.get('content-type')).toContain('version=0.0.4');
    return reply.text();
  };

  test.each(['relay', 'router'] as const)('a %s says what it should, and nothing else', async (process) => {
    const text = await scrape(process);
    const said = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
    const may = metricNames.filter((name) => metricSpec(name).from.includes(process)).map(prometheusName);
    expect(said.filter((name) => !may.includes(name))).toEqual([]);
    const always = ['access_total', 'audit_records_total', 'memory_bytes', 'loop_delay_milliseconds', 'secret_stale'];
    const own = {
      relay: [
        'tunnels',
        'sessions',
        'channels',
        'tunnels_taken_total',
        'open_milliseconds',
        'key_devices',
        'native_crypto',
      ],
      router: ['streams', 'door_knocks_total', 'connect_milliseconds', 'certificate_days_left', 'operator_devices'],
    }[process];
    expect(said).toEqual(expect.arrayContaining([...always, ...own].map((name) => `sallyport_${name}`)));
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^# (HELP|TYPE) sallyport_|^sallyport_[a-z_]+(\{[^{}]*\})? -?[\d.]+(e[+-]?\d+)?$/);
  });

  test('it is alive on the same port', async () => {
    expect(await (await fetch(`${urls.relay}/healthz`)).text()).toBe('ok\n');
  });
});

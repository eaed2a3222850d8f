import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '../../../core/model/audit-record.ts';
import type { Change } from '../../../core/model/change.ts';
import { type DataPlane, domain, operator, startDataPlane } from '../../support/data-plane.ts';
import { run, start } from '../../support/run.ts';
import { describeWith } from '../../support/tools.ts';

// Access is taken away between the decision and the first byte: the moment in which there is no stream to cut yet.

const quiet = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=INFO'].flatMap(
  (option) => ['-o', option],
);

describeWith(['ssh', 'ssh-keygen'], 'access that is taken away while somebody connects', () => {
  let plane: DataPlane;
  let router: Awaited<ReturnType<DataPlane['router']>>;
  let folder: string;
  let service: Server;
  let device: ReturnType<typeof start>;
  let fingerprint: string;
  let host: string;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    for (const name of ['device', 'operator'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
    service = createServer((socket) => socket.on('error', () => undefined).end('hello from the device\n'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    plane = await startDataPlane();
    const relay = await plane.relay();
    router = await plane.router();
    await plane.device('pump-7', readFileSync(file('device.pub'), 'utf8'));
    fingerprint = await plane.operatorKey(readFileSync(file('operator.pub'), 'utf8'));
    const { port } = service.address() as { port: number };
    const tunnel = await plane.tunnel('pump-7');
    device = start('ssh', [
      ...[...quiet, '-N', '-i', file('device'), '-o', 'ExitOnForwardFailure=yes', '-p', String(relay.port)],
      ...['-R', `${tunnel.id}:0:127.0.0.1:${port}`, 'pump-7@127.0.0.1'],
    ]);
    await device.says(/Allocated port/);
    host = `t-${tunnel.id}.${domain}`;
  });
  afterAll(async () => {
    await device.kill();
    await plane.stop();
    service.close();
    rmSync(folder, { recursive: true });
  });
  const jump = () =>
    run('ssh', [
      ...[...quiet, '-i', file('operator'), '-p', String(router.port)],
      ...['-W', `${host}:22`, 'jump@127.0.0.1'],
    ]);

  /** Does it between the record of the entry and the dial of the door, and goes on when the router has read of it. */
  const onceDecided = (narrow: () => Promise<void>): void => {
    const { append } = plane.audit;
    plane.audit.append = async (record: AuditRecord) => {
      if (record.kind !== 'allowed' || record.action !== 'connect') return append(record);
      plane.audit.append = append;
      await narrow();
      await routerHasRead();
      return append(record);
    };
  };
  /** The second answer from now on was asked for after the change was written, and has been applied when the third is. */
  const routerHasRead = () =>
    new Promise<void>((resolve) => {
      const { since } = plane.changes;
      let reads = 0;
      plane.changes.since = async (from: number): Promise<readonly Change[]> => {
        reads += 1;
        // The relay reads them too.
        if (reads >= 6) {
          plane.changes.since = since;
          resolve();
        }
        return since(from);
      };
    });

  test('a grant that goes', async () => {
    const grant = await plane.grant();
    expect((await jump()).out).toBe('hello from the device\n');
    onceDecided(async () => {
      await plane.grants.remove(grant.principal, grant.id);
      await plane.changes.append({ kind: 'grant_narrowed', principal: grant.principal }, Date.now());
    });
    const { out, err } = await jump();
    expect(out).toBe('');
    expect(err).toContain('not_found');
  });

  test('a key that was removed opens nothing more, whatever connection it still has', async () => {
    const control = file('control');
    const master = start('ssh', [
      ...[...quiet, '-N', '-M', '-S', control, '-i', file('operator'), '-p', String(router.port), '-v'],
      'jump@127.0.0.1',
    ]);
    await master.says(/Entering interactive session/);
    // Nobody tells the router.
    await plane.operatorKeys.remove(operator, fingerprint);
    const { out, err } = await run('ssh', [...quiet, '-S', control, '-W', `${host}:22`, 'jump@127.0.0.1']);
    expect(out).toBe('');
    expect(`${err}${master.said}`).toContain('this key was removed');
    await master.kill();
    expect(
      plane.lines.filter(({ event, fields }) => event === 'connect.refused' && fields.code === 'unauthenticated'),
    ).toHaveLength(1);
  });
});

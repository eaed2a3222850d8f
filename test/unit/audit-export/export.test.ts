import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBucketVault } from '../../../adapters/aws/audit-vault.ts';
import { createSignedFetch } from '../../../adapters/aws/signed-fetch.ts';
import { auditOfImage } from '../../../adapters/dynamodb/audit-stream.ts';
import { createAnchorKeys, verifyAnchors } from '../../../adapters/jwt/anchor-signatures.ts';
import { makeSigningKeyPairs } from '../../../adapters/ssh/host-key-pairs.ts';
import { SallyportError } from '../../../core/errors.ts';
import { createEventHub } from '../../../core/events.ts';
import { startChain, voidOf } from '../../../core/model/audit-chain.ts';
import { type AuditRowChange, readCopy } from '../../../core/model/audit-copy.ts';
import type { AuditRecord } from '../../../core/model/audit-record.ts';
import type { HostKeyPair } from '../../../core/ports/host-key-store.ts';
import { checkCopies } from '../../../core/use-cases/check-copies.ts';
import { createSignatureCheck } from '../../../core/use-cases/check-signatures.ts';
import type { ExportPorts } from '../../../core/use-cases/export-audit.ts';
import { respond } from '../../../lambdas/audit-export.ts';
import { CredentialStore } from '../../../local/aws-endpoint/credentials.ts';
import { verifySignature } from '../../../local/aws-endpoint/signature.ts';

const at = Date.UTC(2026, 10, 21, 23, 59);

const chainOf = (name: string): readonly AuditRecord[] => {
  const chain = startChain(name);
  return [
    chain.issue({ kind: 'started', action: 'router' }, at),
    chain.issue(
      { kind: 'allowed', action: 'connect', operator: 'oada', device: 'pump-7', facts: { epoch: 3 } },
      at + 1,
    ),
    chain.issue({ kind: 'refused', action: 'connect', operator: 'oeve', code: 'forbidden' }, at + 2),
  ];
};

const image = (record: AuditRecord) => {
  const value = (part: unknown): object => {
    if (typeof part === 'number') return { N: String(part) };
    if (typeof part === 'object' && part !== null)
      return { M: Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, value(inner)])) };
    return { S: String(part) };
  };
  const row = record.seq === 1 ? { ...record, markedDay: '2026-11-21' } : record;
  return Object.fromEntries(Object.entries(row).map(([name, part]) => [name, value(part)]));
};

const pair = (await makeSigningKeyPairs())[0] as HostKeyPair;
const keysOf = (...keys: readonly HostKeyPair[]) => createAnchorKeys(async () => ({ keys }));

const world = (
  put: ExportPorts['vault']['put'] = async () => undefined,
  anchorKeys: ExportPorts['anchorKeys'] = keysOf(pair),
) => {
  const objects = new Map<string, string>();
  const rejected: string[] = [];
  const hub = createEventHub({
    process: 'audit-export',
    log: { write: () => undefined },
    metrics: {
      count: (name, by, labels) => {
        if (name === 'audit_export_rejected' && by > 0) rejected.push(labels?.why ?? '');
      },
      gauge: () => undefined,
      observe: () => undefined,
    },
    audit: { append: async () => undefined },
    clock: { now: () => at, monotonic: () => 0 },
  });
  const ports = {
    ...{ hub, auditOfImage, audited: false, flush: () => undefined, anchorKeys },
    clock: { now: () => at + 60_000, monotonic: () => 0 },
    vault: {
      put: async (name: string, text: string) => {
        await put(name, text);
        objects.set(name, text);
      },
    },
  };
  const send = (records: readonly { readonly OldImage?: object; readonly NewImage?: object }[]) =>
    respond(ports, {
      Records: records.map((dynamodb, index) => ({ dynamodb: { ...dynamodb, SequenceNumber: String(700 + index) } })),
    } as never);
  return { objects, rejected, send };
};

const added = (records: readonly AuditRecord[]) => records.map((record) => ({ NewImage: image(record) }));

test('a batch is one object, named by its day and place, and headed by anchors', async () => {
  const { objects, rejected, send } = world();
  const [one, two] = [chainOf('router-1'), chainOf('relay-2')];
  await send(added([...one, ...two]));
  expect([...objects.keys()]).toEqual(['2026-11-21/700-6.jsonl']);
  const copy = readCopy(objects.get('2026-11-21/700-6.jsonl') ?? '');
  const { head, changes } = copy;
  expect(await createSignatureCheck(verifyAnchors, [pair.public]).faultOf(copy)).toBeUndefined();
  expect(head.next).toBeUndefined();
  expect(head.anchors).toEqual([one, two].map((chain) => ({ chain: chain[2]?.chain, seq: 3, hash: chain[2]?.hash })));
  expect(changes).toEqual([...one, ...two].map((record) => ({ kind: 'added', record })));
  expect(rejected).toEqual([]);
});

test('what was forged, altered or removed is kept and told of', async () => {
  const { objects, rejected, send } = world();
  const [first, second, third] = chainOf('router-1');
  if (first === undefined || second === undefined || third === undefined) throw new Error('a chain of three');
  const forged = { ...third, operator: 'onobody' };
  await send([
    { NewImage: image(forged) },
    { OldImage: image(second), NewImage: image({ ...second, device: 'pump-8' }) },
    { OldImage: image(first) },
  ]);
  expect(rejected).toEqual(['hash', 'altered', 'removed']);
  const { changes } = readCopy([...objects.values()][0] ?? '');
  expect(changes.map(({ kind }) => kind)).toEqual(['added', 'altered', 'removed']);
  expect((await checkCopies([changes])).touched).toEqual([
    { chain: 'router-1', seq: 2, how: 'altered' },
    { chain: 'router-1', seq: 1, how: 'removed' },
  ]);
});

test('a batch that could not be kept comes again', async () => {
  const { objects, send } = world(() => Promise.reject(new Error('away')));
  await expect(send(added(chainOf('router-1')))).rejects.toThrow('away');
  expect(objects.size).toBe(0);
});

test.each<[string, ExportPorts['anchorKeys']]>([
  ['while there is no key', createAnchorKeys(async () => undefined)],
  ['while its secret cannot be read', createAnchorKeys(() => Promise.reject(new SallyportError('unavailable')))],
  ['with a key that is none', keysOf({ ...pair, private: 'no key' })],
])('%s nothing is exported, and the batch comes again', async (_when, anchorKeys) => {
  const { objects, send } = world(undefined, anchorKeys);
  await expect(send(added(chainOf('router-1')))).rejects.toThrow();
  expect(objects.size).toBe(0);
});

test('chains are verified from their copies alone, in whatever pieces they came', async () => {
  const [first, second, third] = chainOf('router-1');
  if (first === undefined || second === undefined || third === undefined) throw new Error('a chain of three');
  const as = (...records: readonly AuditRecord[]): readonly AuditRowChange[] =>
    records.map((record) => ({ kind: 'added', record }));
  const sound = await checkCopies([as(third), as(first, second), as(second, third)]);
  expect(sound.chains).toEqual([{ chain: 'router-1', verdict: { sound: true, records: 3, voids: 0, open: true } }]);
  expect(sound.anchors).toEqual([{ chain: 'router-1', seq: 3, hash: third.hash }]);
  expect((await checkCopies([as(first, voidOf(second), third)])).chains[0]?.verdict).toMatchObject({
    sound: true,
    voids: 1,
  });
  expect((await checkCopies([as(first, third)])).chains[0]?.verdict).toEqual({
    ...{ sound: false, chain: 'router-1', seq: 2, fault: 'missing' },
  });
  // It began before there were copies: nobody can say.
  expect(await checkCopies([as(second, third)])).toMatchObject({ chains: [], headless: ['router-1'] });
  expect(sound.headless).toEqual([]);
});

test('the bucket gets a signed object that may not stand there yet, with its checksum', async () => {
  const store = new CredentialStore();
  const credentials = store.issue({ kind: 'role' } as never, Date.now());
  const seen: { readonly path: string; readonly headers: Record<string, string>; readonly body: string }[] = [];
  const replies = [200, 412, 403];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const body = Buffer.concat(chunks);
      const path = request.url ?? '';
      verifySignature({ method: 'PUT', path, query: {}, queryValues: {}, headers, body } as never, {
        credentials: store,
        region: 'eu-west-1',
        services: new Set(['s3']),
        now: () => Date.now(),
      }).then(
        () => {
          seen.push({ path, headers, body: body.toString('utf8') });
          response.writeHead(replies.shift() ?? 500).end('<Error><Code>AccessDenied</Code></Error>');
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const vault = createBucketVault(
    createSignedFetch({
      ...{ service: 's3', region: 'eu-west-1', endpoint: `http://127.0.0.1:${port}` },
      credentials: async () => credentials,
      now: () => Date.now(),
      timeoutMilliseconds: 5_000,
    }),
  );
  try {
    await vault.put('2026-11-21/700-2.jsonl', 'text\n');
    // From a try whose answer got lost.
    await vault.put('2026-11-21/700-2.jsonl', 'text\n');
    await expect(vault.put('2026-11-21/701-1.jsonl', 'x')).rejects.toThrow('the bucket refused: 403 AccessDenied');
    expect(seen[0]).toMatchObject({
      path: '/audit/2026-11-21/700-2.jsonl',
      headers: { 'if-none-match': '*', 'x-amz-checksum-sha256': 'ueaOG+o+WxnKay+YtzpUtz2q+qJQSEkC4JmC4HoS5zM=' },
      body: 'text\n',
    });
  } finally {
    server.close();
  }
});

import { connect, type Socket } from 'node:net';
import { listen } from '../../../net/listen.ts';
import { peek, peekProtocol, readProxyHeader } from '../../../net/peek.ts';
import { encodeProxyHeader } from '../../../net/proxy-protocol.ts';
import { sniff } from '../../../net/sniff.ts';

/** A real connection: what the client writes, the server side sees. */
const pair = async () => {
  let accept: (socket: Socket) => void = () => undefined;
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, onConnection: accept });
  const client = connect({ host: listener.host, port: listener.port, noDelay: true });
  const server = await accepted;
  const close = async () => {
    client.destroy();
    await listener.close();
  };
  return { client, server, close };
};

const readAll = async (socket: Socket) => {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};
const options = { timeoutMilliseconds: 10_000 };

describe('sniff', () => {
  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'ssh'],
    ['\x16\x03\x01\x02\x00', 'tls'],
    ['GET / HTTP/1.1\r\n', 'http'],
    ['CONNECT pump-7:22 HTTP/1.1\r\n', 'http'],
    ['\r\n\r\n\0\r\nQUIT\n\x21', 'proxy-v2'],
    ['SSX', 'unknown'],
    ['\x16\x02', 'unknown'],
    ['get / ', 'unknown'],
    ['CONNECTION ', 'unknown'],
    ['\r\n\r\nGET /', 'unknown'],
  ] as const)('%j is %s', (text, protocol) => {
    expect(sniff(Buffer.from(text, 'latin1'))).toBe(protocol);
  });

  test.each(['', 'S', 'SSH', '\x16', 'P', 'OPTIONS', '\r\n\r\n\0'])('%j could still be something', (text) => {
    expect(sniff(Buffer.from(text, 'latin1'))).toBeUndefined();
  });
});

describe('peek', () => {
  test('consumes nothing, however the bytes arrive', async () => {
    const { client, server, close } = await pair();
    const peeked = peekProtocol(server, options);
    const text = 'SSH-2.0-slow\r\nand the rest';
    for (const character of text) {
      await new Promise<void>((resolve) => client.write(character, () => resolve()));
    }
    client.end();
    expect(await peeked).toMatchObject({ outcome: 'verdict', verdict: 'ssh' });
    expect(await readAll(server)).toBe(text);
    await close();
  });

  test('can be followed by another peek', async () => {
    const { client, server, close } = await pair();
    client.end(
      Buffer.concat([encodeProxyHeader({ command: 'local', tlvs: [] }), Buffer.from('GET / HTTP/1.1\r\n\r\n')]),
    );
    expect(await peekProtocol(server, options)).toMatchObject({ verdict: 'proxy-v2' });
    expect(await readProxyHeader(server, options)).toEqual({
      outcome: 'header',
      header: { command: 'local', tlvs: [] },
    });
    expect(await peekProtocol(server, options)).toMatchObject({ verdict: 'http' });
    expect(await readAll(server)).toBe('GET / HTTP/1.1\r\n\r\n');
    await close();
  });

  test('ends at the time limit, at the maximum and at the end of the connection', async () => {
    const silent = await pair();
    expect(await peekProtocol(silent.server, { timeoutMilliseconds: 5 })).toMatchObject({ outcome: 'timeout' });
    await silent.close();

    const undecided = await pair();
    undecided.client.write('x'.repeat(100));
    const full = await peek(undecided.server, () => undefined, { ...options, maximum: 64 });
    expect(full).toMatchObject({ outcome: 'full' });
    await undecided.close();

    const gone = await pair();
    gone.client.end('SS');
    expect(await peekProtocol(gone.server, options)).toMatchObject({ outcome: 'closed' });
    await gone.close();
  });

  test('a reset while waiting is an ending, not a crash', async () => {
    const { client, server, close } = await pair();
    const peeked = peekProtocol(server, options);
    client.resetAndDestroy();
    expect(await peeked).toMatchObject({ outcome: 'closed' });
    await close();
  });

  test('a missing or broken PROXY header is refused with a reason', async () => {
    const { client, server, close } = await pair();
    client.end('SSH-2.0-nobody\r\n');
    expect(await readProxyHeader(server, options)).toEqual({
      outcome: 'refused',
      why: 'no PROXY protocol v2 signature',
    });
    await close();
  });
});

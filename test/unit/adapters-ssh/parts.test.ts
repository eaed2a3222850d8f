import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { HeldBytes } from '../../../adapters/ssh/held-bytes.ts';
import { IdentificationReader } from '../../../adapters/ssh/identification.ts';
import { nativeCrypto } from '../../../adapters/ssh/native-binding.ts';
import { printable } from '../../../adapters/ssh/printable.ts';
import { ReceiveWindow, WindowBudget } from '../../../adapters/ssh/receive-window.ts';
import { ReplyQueue } from '../../../adapters/ssh/reply-queue.ts';
import { createSshServer } from '../../../adapters/ssh/server.ts';
import { PerAddressLimit } from '../../../net/per-address-limit.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { hostKey } from './harness.ts';

test('the native crypto addon is loaded here, as it must be in production', () => {
  expect(nativeCrypto).toBe(true);
});

describe('printable', () => {
  test.each([
    ['plain text, as it is.', 'plain text, as it is.'],
    ['a\r\nb\tc', 'a<U+000D><U+000A>b<U+0009>c'],
    ['\u001b[31m', '<U+001B>[31m'],
    ['\u202etxt.exe', '<U+202E>txt.exe'],
    ['pümp \u{1f4a1}', 'p<U+00FC>mp <U+1F4A1>'],
    ['\ud800', '<U+D800>'],
  ])('%j', (text, line) => {
    expect(printable(text)).toBe(line);
  });

  test('is one line of ASCII within its limit, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 3, max: 60 }), (text, maximum) => {
        const line = printable(text, maximum);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.length).toBeLessThanOrEqual(maximum);
      }),
    );
  });
});

describe('IdentificationReader', () => {
  const client = () => new IdentificationReader({ linesBefore: true });
  const server = () => new IdentificationReader({ linesBefore: false });
  const whole = (bytes: Buffer) => ({ status: 'whole', bytes });

  test('gives everything back once the line is whole', () => {
    const reader = server();
    expect(reader.add(Buffer.from('SSH-2.0'))).toEqual({ status: 'more' });
    expect(reader.add(Buffer.from('-x\r'))).toEqual({ status: 'more' });
    expect(reader.add(Buffer.from('\nrest'))).toEqual(whole(Buffer.from('SSH-2.0-x\r\nrest')));
  });

  test('a client skips lines before it, a server does not', () => {
    const bytes = Buffer.from('hello\r\n\r\nSSH-2.0-x\r\n');
    expect(client().add(bytes)).toEqual(whole(bytes));
    expect(server().add(bytes)).toEqual({ status: 'invalid' });
  });

  test('the line has at most 255 characters, what comes before it 8 KB', () => {
    const line = (length: number) => Buffer.from(`SSH-2.0-${'x'.repeat(length - 10)}\r\n`);
    expect(server().add(line(255))).toMatchObject({ status: 'whole' });
    expect(server().add(line(256))).toEqual({ status: 'invalid' });
    expect(server().add(line(300).subarray(0, 255))).toEqual({ status: 'invalid' });
    const endless = client();
    let last = endless.add(Buffer.from('a line\n'));
    for (let turn = 0; turn < 2000; turn += 1) last = endless.add(Buffer.from('a line\n'));
    expect(last).toEqual({ status: 'invalid' });
  });
});

describe('HeldBytes', () => {
  test('gives back what it was given, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(40_000), fc.constant(undefined)), { maxLength: 40 }), (steps) => {
        const held = new HeldBytes();
        const [given, taken]: [Buffer[], Buffer[]] = [[], []];
        for (const step of steps) {
          if (step === undefined) taken.push(held.take() ?? Buffer.alloc(0));
          else {
            const bytes = randomBytes(step);
            given.push(bytes);
            held.add(bytes);
          }
        }
        while (held.length > 0) taken.push(held.take() ?? Buffer.alloc(0));
        expect(held.take()).toBeUndefined();
        expect(Buffer.concat(taken).equals(Buffer.concat(given))).toBe(true);
      }),
    );
  });
});

describe('ReceiveWindow', () => {
  const kilobyte = 1024;
  /** A clock on which everything takes its time. */
  const slowly = () => {
    let time = 0;
    return () => {
      time += 1000;
      return time;
    };
  };
  const limits = (budget = new WindowBudget(64 * 2 ** 20), now = slowly()) => ({
    now,
    initial: 64 * kilobyte,
    maximum: 16 * 2 ** 20,
    budget,
  });

  /** The peer sends all it may, then the reader takes it: one round trip of a long path. */
  const round = (window: ReceiveWindow, open: number) => {
    expect(window.consume(open)).toBe(true);
    return window.credit(0);
  };

  test('doubles each round trip while the reader keeps up and the peer runs dry, up to its maximum', () => {
    const window = new ReceiveWindow(limits());
    let open = 64 * kilobyte;
    for (let turn = 0; turn < 12; turn += 1) open = round(window, open);
    expect(window.target).toBe(16 * 2 ** 20);
    expect(open).toBe(16 * 2 ** 20);
  });

  test('grows to one megabyte for bulk that never runs dry, so that it costs few messages', () => {
    const window = new ReceiveWindow(limits(undefined, () => 0));
    for (let turn = 0; turn < 1000; turn += 1) {
      window.consume(16 * kilobyte);
      window.credit(0);
    }
    expect(window.target).toBe(2 ** 20);
  });

  test('does not grow for a slow flow that never runs dry', () => {
    const window = new ReceiveWindow(limits());
    for (let turn = 0; turn < 100; turn += 1) {
      window.consume(32 * kilobyte);
      window.credit(0);
    }
    expect(window.target).toBe(64 * kilobyte);
  });

  test('shrinks while the reader does not read, opens nothing meanwhile, and gives the budget back', () => {
    const budget = new WindowBudget(2 * 2 ** 20);
    const window = new ReceiveWindow(limits(budget));
    let open = 64 * kilobyte;
    for (let turn = 0; turn < 5; turn += 1) open = round(window, open);
    expect(budget.left).toBe(2 * 2 ** 20 - (window.target - 64 * kilobyte));
    expect(window.consume(open)).toBe(true);
    for (let turn = 0; turn < 8; turn += 1) expect(window.credit(open)).toBe(0);
    expect(window.target).toBe(64 * kilobyte);
    expect(budget.left).toBe(2 * 2 ** 20);
    expect(window.credit(0)).toBe(64 * kilobyte);
  });

  test('refuses more than it opened, and stays small when the budget is spent', () => {
    const window = new ReceiveWindow(limits(new WindowBudget(0)));
    expect(window.consume(64 * kilobyte + 1)).toBe(false);
    expect(round(window, 64 * kilobyte)).toBe(64 * kilobyte);
    expect(window.target).toBe(64 * kilobyte);
  });

  test('the peer can always send again once all was read', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200_000), fc.boolean()), { maxLength: 60 }), (steps) => {
        const window = new ReceiveWindow(limits());
        let [open, waiting] = [64 * kilobyte, 0];
        for (const [wanted, reads] of steps) {
          const sent = Math.min(wanted, open);
          expect(window.consume(sent)).toBe(true);
          open -= sent;
          waiting = reads ? 0 : waiting + sent;
          open += window.credit(waiting);
        }
        expect(open + window.credit(0)).toBeGreaterThan(0);
      }),
    );
  });
});

test('ReplyQueue sends answers in the order of their requests', () => {
  const sent: number[] = [];
  const queue = new ReplyQueue();
  const answers = [0, 1, 2, 3].map(() => queue.reserve());
  answers[2]?.(() => sent.push(2));
  answers[1]?.(() => sent.push(1));
  expect(sent).toEqual([]);
  answers[0]?.(() => sent.push(0));
  answers[0]?.(() => sent.push(9));
  expect(sent).toEqual([0, 1, 2]);
  expect(queue.length).toBe(1);
  answers[3]?.(() => sent.push(3));
  expect(sent).toEqual([0, 1, 2, 3]);
});

describe('createSshServer', () => {
  const options = {
    ...{ serverId: 'rabcdefghi', hostKeys: [hostKey], authorize: async () => false, onSession: () => undefined },
    ...{ onEvent: () => undefined, timers: systemTimers, windowBudget: new WindowBudget(0) },
    unauthenticated: new PerAddressLimit({ total: 1, perAddress: 1 }),
  };
  test.each([
    ['no host key', { hostKeys: [] }, 'needs a host key'],
    ['two host keys of a type', { hostKeys: [hostKey, hostKey] }, 'two host keys of type ssh-ed25519'],
    ['a server id that breaks the identification', { serverId: 'a b' }, 'letters and digits'],
  ])('%s is refused', (_name, changes, message) => {
    expect(() => createSshServer({ ...options, ...changes })).toThrow(message);
  });
});

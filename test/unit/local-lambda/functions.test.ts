import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionSpec } from '../../../local/lambda/function-spec.ts';
import { Functions, type FunctionsOptions } from '../../../local/lambda/functions.ts';

const root = mkdtempSync(join(tmpdir(), 'functions-'));
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
const specOf = (code: string, more: Partial<FunctionSpec> = {}): FunctionSpec => {
  const name = `f${made++}`;
  const directory = join(root, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'index.mjs'), code);
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    logicalId: name,
    directory,
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    environment: {},
    memoryMegabytes: 128,
    timeoutSeconds: 5,
    ...more,
  };
};

const lines: string[] = [];
const start = (options: Partial<FunctionsOptions> = {}): Functions =>
  new Functions({
    roleVariables: (roleArn) => ({ AWS_ACCESS_KEY_ID: `key of ${roleArn}` }),
    onLine: (name, line) => lines.push(`${name} ${line}`),
    retryDelays: [0],
    ...options,
  });

const withFunctions = async (
  spec: FunctionSpec,
  use: (functions: Functions) => Promise<void>,
  options: Partial<FunctionsOptions> = {},
) => {
  const functions = start(options);
  functions.add(spec);
  try {
    await use(functions);
  } finally {
    await functions.close();
  }
};

const answer = async (functions: Functions, spec: FunctionSpec, event: unknown = {}): Promise<unknown> => {
  const outcome = await functions.invoke(spec.arn, JSON.stringify(event));
  if (outcome.kind === 'failure') throw new Error(outcome.error.errorMessage);
  return JSON.parse(outcome.payload);
};

describe('functions', () => {
  test('run with an environment of their own: the role, the template, overrides of what the template names', async () => {
    const spec = specOf('export const handler = async () => ({ ...process.env });', {
      environment: { SALLYPORT_DOMAIN: 'of the template', SALLYPORT_HOST: 'of the template' },
    });
    process.env.OF_THE_PARENT = 'secret';
    await withFunctions(
      spec,
      async (functions) => {
        const seen = await answer(functions, spec);
        expect(seen).toMatchObject({
          AWS_ACCESS_KEY_ID: 'key of arn:aws:iam::000000000000:role/r',
          AWS_LAMBDA_FUNCTION_NAME: spec.name,
          SALLYPORT_DOMAIN: 'of the template',
          SALLYPORT_HOST: 'of this machine',
        });
        expect(seen).not.toHaveProperty('OF_THE_PARENT');
        expect(seen).not.toHaveProperty('SALLYPORT_OTHER');
      },
      { overrides: { SALLYPORT_HOST: 'of this machine', SALLYPORT_OTHER: 'not in the template' } },
    );
    delete process.env.OF_THE_PARENT;
  });

  test('keep their state between invocations, are invoked one at a time each, and know the time left', async () => {
    const spec = specOf(`
      let count = 0, running = 0;
      export const handler = async (event, context) => {
        if (++running > 1) throw new Error('two at once');
        const remaining = context.getRemainingTimeInMillis();
        await new Promise((resolve) => setTimeout(resolve, event.wait ?? 0));
        running--;
        return { count: ++count, remaining, id: context.awsRequestId, memory: context.memoryLimitInMB };
      };`);
    await withFunctions(spec, async (functions) => {
      const first = (await answer(functions, spec)) as { remaining: number };
      expect(first).toMatchObject({ count: 1, memory: '128' });
      expect(first.remaining).toBeGreaterThan(3_000);
      expect(first.remaining).toBeLessThanOrEqual(5_000);
      expect(await answer(functions, spec)).toMatchObject({ count: 2 });
      const both = await Promise.all([answer(functions, spec, { wait: 50 }), answer(functions, spec, { wait: 50 })]);
      expect(both).toMatchObject([{ count: 3 }, { count: 1 }]);
      expect(functions.loaded).toBe(2);
    });
  });

  test.each<[string, string, object]>([
    [
      'an error',
      'export const handler = () => { throw new TypeError("no"); };',
      { errorType: 'TypeError', errorMessage: 'no' },
    ],
    ['an export that is not there', 'export const other = 1;', { errorType: 'Runtime.HandlerNotFound' }],
    ['code that does not load', 'import "./nowhere.mjs"; export const handler = () => 1;', { errorType: 'Error' }],
    ['process.exit', 'export const handler = () => process.exit(3);', { errorType: 'Runtime.ExitError' }],
    [
      'an error outside the invocation',
      'export const handler = () => { setTimeout(() => { throw new Error("late"); }, 0); return new Promise(() => {}); };',
      { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: Error: late' },
    ],
    [
      'running out of memory',
      'export const handler = () => { const all = []; for (;;) all.push(new Array(10_000).fill({})); };',
      { errorType: 'Runtime.ExitError' },
    ],
  ])('%s is an answer, and the next invocation works again', async (_, code, error) => {
    const spec = specOf(code, { memoryMegabytes: 32 });
    await withFunctions(spec, async (functions) => {
      expect(await functions.invoke(spec.arn, '{}')).toMatchObject({ kind: 'failure', error });
      expect(await functions.invoke(spec.arn, '{}')).toMatchObject({ kind: 'failure', error });
    });
  });

  test('a function that takes too long is ended, and starts anew', async () => {
    const spec = specOf('export const handler = (event) => event.hang ? new Promise(() => {}) : "well";', {
      timeoutSeconds: 1,
    });
    await withFunctions(spec, async (functions) => {
      const late = await functions.invoke(spec.arn, '{"hang":true}');
      expect(late).toMatchObject({ kind: 'failure', error: { errorType: 'Sandbox.Timedout' } });
      expect(JSON.stringify(late)).toContain('Task timed out after 1.00 seconds');
      expect(functions.loaded).toBe(0);
      expect(await answer(functions, spec)).toBe('well');
    });
  });

  test('reserved concurrency throttles, and more than the pool holds waits', async () => {
    const code = 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 50));';
    const reserved = specOf(code, { reservedConcurrency: 1 });
    await withFunctions(reserved, async (functions) => {
      const first = functions.invoke(reserved.arn, '{}');
      await expect(functions.invoke(reserved.arn, '{}')).rejects.toMatchObject({
        code: 'TooManyRequestsException',
        status: 429,
      });
      expect(await first).toMatchObject({ kind: 'answer' });
      expect(await functions.invoke(reserved.arn, '{}')).toMatchObject({ kind: 'answer' });
    });
    const open = specOf(code);
    await withFunctions(
      open,
      async (functions) => {
        const all = await Promise.all(Array.from({ length: 5 }, () => functions.invoke(open.arn, '{}')));
        expect(all.every(({ kind }) => kind === 'answer')).toBe(true);
        expect(functions.loaded).toBe(2);
      },
      { mostPerFunction: 2 },
    );
  });

  test('the environment that was not used longest is let go', async () => {
    const specs = Array.from({ length: 3 }, () => specOf('let n = 0; export const handler = () => ++n;'));
    const functions = start({ mostLoaded: 2 });
    for (const spec of specs) functions.add(spec);
    for (const spec of specs) expect(await answer(functions, spec)).toBe(1);
    expect(functions.loaded).toBe(2);
    expect(await answer(functions, specs[2] as FunctionSpec)).toBe(2);
    expect(await answer(functions, specs[0] as FunctionSpec)).toBe(1);
    await functions.close();
  });

  test('an environment that nobody calls is let go; the next call starts another', async () => {
    const spec = specOf('let n = 0; export const handler = () => ++n;');
    await withFunctions(
      spec,
      async (functions) => {
        expect(await answer(functions, spec)).toBe(1);
        while (functions.loaded > 0) await new Promise((resolve) => setImmediate(resolve));
        expect(await answer(functions, spec)).toBe(1);
      },
      { idleMilliseconds: 1 },
    );
  });

  test('payloads are limited and must be JSON; functions are found by name and ARN', async () => {
    const spec = specOf('export const handler = (event) => event.big ? "x".repeat(7_000_000) : null;');
    await withFunctions(spec, async (functions) => {
      await expect(functions.invoke(spec.arn, JSON.stringify('x'.repeat(6_291_456)))).rejects.toMatchObject({
        status: 413,
      });
      await expect(functions.invoke(spec.arn, '{')).rejects.toMatchObject({ code: 'InvalidRequestContentException' });
      await expect(functions.invoke('arn:aws:lambda:us-east-1:000000000000:function:no', '{}')).rejects.toMatchObject({
        status: 404,
      });
      expect(() => functions.invokeLater(spec.arn, JSON.stringify('x'.repeat(300_000)))).toThrow('too large');
      expect(await functions.invoke(spec.arn, '{"big":true}')).toMatchObject({
        error: { errorType: 'Function.ResponseSizeTooLarge' },
      });
      expect(functions.find(spec.name)).toBe(spec);
      expect(functions.find(`${spec.arn}:$LATEST`)).toBe(spec);
      expect(functions.find(`function:${spec.name}`)).toBe(spec);
      expect(functions.find('other')).toBeUndefined();
    });
  });

  test('asynchronous invocations are tried again as the settings say, then given up with a line in the log', async () => {
    const code =
      'let n = 0; export const handler = (event) => { if (++n <= event.failures) throw new Error("not yet"); console.log("done at", n); };';
    const spec = specOf(code);
    await withFunctions(spec, async (functions) => {
      functions.invokeLater(spec.arn, '{"failures":2}');
      await functions.settled();
      expect(await answer(functions, spec, { failures: 0 })).toBeNull();
      functions.configureAsync(spec.arn, { retries: 0, maximumAgeSeconds: 60 });
      functions.invokeLater(spec.arn, '{"failures":99}');
      await functions.settled();
    });
    const own = lines.filter((line) => line.startsWith(`${spec.name} `));
    // A function's lines come from its thread, and may come after what this thread says of it.
    expect([...own].sort()).toEqual([
      `${spec.name} an event is given up: not yet`,
      `${spec.name} done at 3`,
      `${spec.name} done at 4`,
    ]);
  });
});

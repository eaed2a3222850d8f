import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionFailure, InvocationMessage, OutcomeMessage, RuntimeStart } from './invocation.ts';

// Runs inside a worker thread, in the place of Lambda's own runtime: it loads the function once, then answers one
// invocation after the other. It imports nothing but Node's own modules, for it is handed over as text.

type Handle = (event: unknown, context: object) => unknown;

const start = workerData as RuntimeStart;
const port = parentPort;
if (port === null) throw new Error('the runtime lives in a worker thread');

// A thread's stdout has no descriptor of its own. Loggers that look for one (pino) would write to the process's, but
// leave it alone once its `write` is not the stream's own.
process.stdout.write = process.stdout.write.bind(process.stdout);

const loaded = load();
loaded.catch(() => undefined);

port.on('message', (message: InvocationMessage) => {
  void run(message).then((outcome) => port.postMessage(outcome));
});

async function load(): Promise<Handle> {
  const module = (await import(start.module)) as Readonly<Record<string, unknown>>;
  const handle = module[start.export];
  if (typeof handle === 'function') return handle as Handle;
  throw Object.assign(new Error(`${start.export} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
}

async function run({ payload, context, deadline }: InvocationMessage): Promise<OutcomeMessage> {
  try {
    const handle = await loaded;
    const answer = await handle(JSON.parse(payload), {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    // JSON has no undefined; Lambda answers null.
    return { kind: 'answer', payload: JSON.stringify(answer) ?? 'null' };
  } catch (error) {
    return { kind: 'failure', error: failureOf(error) };
  }
}

function failureOf(error: unknown): FunctionFailure {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}

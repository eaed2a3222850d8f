/** What a long-lived process is once it has started. */
export interface Started {
  /** Told in the ready line: ids, ports. */
  readonly ready: Readonly<Record<string, string | number>>;
  /** How long `stop` may take. Default: a minute. */
  readonly graceMilliseconds?: number;
  stop(): Promise<void>;
}

/** A stop that does not come to its end must not keep a deployment waiting: the platform would kill it anyway. */
const usualGraceMilliseconds = 60_000;

/**
 * Runs a process from start to stop: one line when it is ready, a clean stop on SIGTERM and SIGINT, a second signal ends
 * it at once. A start that fails says why in one line and exits with 1. Where the parent process holds an IPC channel,
 * the process ends with its parent.
 */
export const runProcess = async (name: string, start: () => Promise<Started>): Promise<void> => {
  const say = (event: string, fields: Readonly<Record<string, unknown>>) =>
    process.stdout.write(`${JSON.stringify({ level: 'info', process: name, event, ...fields })}\n`);
  let started: Started;
  try {
    started = await start();
  } catch (error) {
    process.stderr.write(`${name} could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    say('stopping', { why });
    setTimeout(() => process.exit(1), started.graceMilliseconds ?? usualGraceMilliseconds).unref();
    started.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(
          `${name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}\n`,
        );
        process.exit(1);
      },
    );
  };
  process.once('disconnect', () => stop('the parent process has gone'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  say('ready', started.ready);
};

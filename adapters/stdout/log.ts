import { pino } from 'pino';
import type { Log } from '../../core/ports/event-sinks.ts';

/** JSON lines on standard output: `{"level":"info","time":...,"process":...,"event":...}`. Ids belong here; secrets never do. */
export const createLog = (options: {
  readonly process: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  readonly fields?: Readonly<Record<string, string>>;
}): Log => {
  const logger = pino({
    // Debug lines are only made for whom an administrator watches, so they are never cut here.
    level: options.level ?? 'debug',
    base: { process: options.process, ...options.fields },
    formatters: { level: (label) => ({ level: label }) },
  });
  return { write: ({ level, event, fields }) => logger[level]({ event, ...fields }) };
};

import { pino } from 'pino';
import { stillHarmless } from '../../core/model/text.ts';
import type { Log, LogLine } from '../../core/ports/event-sinks.ts';

/** A stack trace is the longest. */
const maxLength = 2_000;

/**
 * JSON lines on standard output: `{"level":"info","time":...,"process":...,"event":...}`. Ids belong here; secrets never
 * do. Texts are made harmless here too, whoever said them: a log is read in terminals and pages.
 */
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
  return { write: ({ level, event, fields }) => logger[level]({ event, ...plain(fields) }) };
};

const plain = (fields: LogLine['fields']): LogLine['fields'] =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? stillHarmless(value, maxLength) : value,
    ]),
  );

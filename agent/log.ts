import { harmless } from '../core/model/text.ts';
import type { LogLine } from '../core/ports/event-sinks.ts';

export type AgentLog = (
  level: LogLine['level'],
  event: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void;

/** One JSON object a line. Texts are made harmless here, whoever said them: a log is read in terminals. */
export const jsonLog =
  (write: (line: string) => void, now: () => number): AgentLog =>
  (level, event, fields = {}) => {
    const plain = Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? harmless(value, 500) : value,
    ]);
    const line = { time: new Date(now()).toISOString(), level, event, ...Object.fromEntries(plain) };
    write(`${JSON.stringify(line)}\n`);
  };

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

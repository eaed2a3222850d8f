/**
 * What the broker would write to its CloudWatch log: why something was refused or dropped. Payloads and credentials
 * never appear; names that clients chose are bounded and their control characters escaped.
 */
export type Log = (event: LogEvent, details: Readonly<Record<string, string | number>>) => void;

export type LogEvent =
  | 'connected'
  | 'disconnected'
  | 'refused'
  | 'denied'
  | 'throttled'
  | 'dropped'
  | 'rule_failed'
  | 'rule_not_found'
  | 'rule_topic_differs';

const LONGEST = 512;

/** Makes every value safe to print before it reaches the sink. */
export function printable(sink: Log): Log {
  return (event, details) => {
    const safe = Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'string' ? escaped(value) : value,
    ]);
    sink(event, Object.fromEntries(safe));
  };
}

const escaped = (text: string): string =>
  text
    .slice(0, LONGEST)
    .replace(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    );

import type { Quotas } from './quotas.ts';

/** A topic as Basic Ingest reads it: the rule it goes to, and the topic that the rule sees. */
export interface BasicIngest {
  readonly rule: string;
  readonly topic: string;
}

/**
 * Whether a topic filter matches a topic. `#` matches what is below it and, unlike MQTT 4.7.1.2, not its parent
 * (AWS developer guide, "AWS IoT differences from MQTT specifications"). A leading wildcard does not match topics
 * that begin with `$` (MQTT 4.7.2).
 */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return levels.length > index;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

/** `$aws/rules/<rule>/<topic>`, or undefined. AWS: the first three levels are not part of the topic that a rule sees. */
export function basicIngest(topic: string): BasicIngest | undefined {
  const match = /^\$aws\/rules\/([^/]+)(?:\/(.*))?$/s.exec(topic);
  return match?.[1] === undefined ? undefined : { rule: match[1], topic: match[2] ?? '' };
}

/** Whether a client may publish to a topic at all: a legal name, within the quotas, reserved only for Basic Ingest. */
export function isPublishable(topic: string, quotas: Quotas): boolean {
  const ingest = basicIngest(topic);
  if (ingest === undefined && topic.startsWith('$')) return false;
  if (/[+#]/.test(topic)) return false;
  return ingest?.topic === '' || fits(ingest?.topic ?? topic, quotas);
}

/** Whether a topic filter is legal (MQTT 4.7.1) and within the quotas. */
export function isFilter(filter: string, quotas: Quotas): boolean {
  const levels = filter.split('/');
  const legal = levels.every((level, index) => {
    if (level.includes('#')) return level === '#' && index === levels.length - 1;
    return level === '+' || !level.includes('+');
  });
  return legal && fits(filter, quotas);
}

export const hasWildcard = (filter: string): boolean => /[+#]/.test(filter);

const fits = (name: string, quotas: Quotas): boolean =>
  name.length > 0 &&
  !name.includes('\0') &&
  Buffer.byteLength(name) <= quotas.topicBytes &&
  name.split('/').length - 1 <= quotas.topicSlashes;

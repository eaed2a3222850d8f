import { randomUUID } from 'node:crypto';
import { type AuditChain, startChain, voidOf } from './model/audit-chain.ts';
import type { AuditEntry, AuditRecord } from './model/audit-record.ts';
import { createFanOut } from './model/fan-out.ts';
import { harmless } from './model/text.ts';
import type { AuditLog } from './ports/audit-log.ts';
import type { Clock } from './ports/clock.ts';
import type { Log, LogLine, Metrics } from './ports/event-sinks.ts';

/** Records that wait to be accounted for while the audit table is away; beyond that the chain shows a gap. */
const maxLost = 10_000;
const maxWatched = 100;
/** For the alarms on one operator or one key: how far back they look. */
const refusalMilliseconds = 10 * 60_000;
const reachMilliseconds = 3_600_000;

/**
 * One function per event: it writes the log line, the metric and, where access is granted or refused, the audit record.
 * A process has one hub; its audit records form one hash chain.
 */
export const createEventHub = (options: {
  /** The kind of process, which begins the chain's name. */
  readonly process: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly clock: Clock;
}) => {
  const { log, metrics, audit, clock } = options;
  let chain: { readonly name: string; readonly links: AuditChain } | undefined;
  const pending = new Set<Promise<unknown>>();
  const lost: AuditRecord[] = [];

  const append = async (record: AuditRecord): Promise<void> => {
    try {
      await audit.append(record);
      metrics.count('audit_records', 1, { kind: record.kind });
    } catch (cause) {
      metrics.count('audit_failures', 1);
      say('error', 'audit.failed', { kind: record.kind, action: record.action, error: nameOf(cause) });
      // A void that failed is tried again as it is: its place in the chain stands for the record that it names.
      if (lost.length < maxLost) lost.push(record.kind === 'void' ? record : voidOf(record));
      throw cause;
    }
    // A write that works again is the moment to account for those that did not.
    for (const failed of lost.splice(0)) track(append(failed));
  };

  /** The chain begins with the first thing worth recording, so that an idle process leaves no trace. */
  const issue = (entry: AuditEntry): AuditRecord => {
    if (chain === undefined) {
      const name = `${options.process}-${randomUUID()}`;
      chain = { name, links: startChain(name) };
      track(append(chain.links.issue({ kind: 'started', action: options.process }, clock.now())));
    }
    return chain.links.issue(harmlessEntry(entry), clock.now());
  };

  const track = (work: Promise<unknown>): void => {
    const settled = work.catch(() => undefined).finally(() => pending.delete(settled));
    pending.add(settled);
  };

  const say = (level: LogLine['level'], event: string, fields: LogLine['fields']) =>
    log.write({ level, event, fields });

  const refusalsOf = createFanOut({ milliseconds: refusalMilliseconds });
  const devicesOf = createFanOut({ milliseconds: reachMilliseconds });
  const devicesOfKey = createFanOut({ milliseconds: reachMilliseconds });
  let refusals = 0;

  /** As maxima of a process, and not as a series each: ids are never labels. */
  const noteReach = ({ action, operator, device, facts }: Omit<AuditEntry, 'kind'>): void => {
    if (device === undefined) return;
    if (operator !== undefined) metrics.observe('operator_devices', devicesOf.note(operator, device, clock.now()));
    if (action === 'dial' && typeof facts?.key === 'string')
      metrics.observe('key_devices', devicesOfKey.note(facts.key, device, clock.now()));
  };
  const noteRefusal = (operator: string | undefined): void => {
    if (operator === undefined) return;
    refusals += 1;
    metrics.observe('operator_refusals', refusalsOf.note(operator, String(refusals), clock.now()));
  };

  /** Whom to tell of in detail, and until when. */
  const watched = new Map<string, number>();

  return {
    log: say,
    metrics,
    /** From now until then, `debug` says what it hears of this device or operator. */
    watch(subject: string, until: number): void {
      for (const [known, end] of watched) if (clock.now() >= end) watched.delete(known);
      if (watched.size < maxWatched) watched.set(subject, until);
    },
    /** Steps, never payload: written only while one of the subjects is watched. */
    debug(event: string, subjects: readonly (string | undefined)[], fields: LogLine['fields']): void {
      if (watched.size === 0) return;
      const now = clock.now();
      if (subjects.some((subject) => subject !== undefined && now < (watched.get(subject) ?? 0)))
        say('debug', event, fields);
    },
    /** Written before the first byte is joined; throws when it could not be, and then nobody gets in. */
    async allowed(entry: Omit<AuditEntry, 'kind'>): Promise<void> {
      metrics.count('access', 1, { action: entry.action, decision: 'allowed' });
      noteReach(entry);
      say('info', `${entry.action}.allowed`, fieldsOf(entry));
      await append(issue({ ...entry, kind: 'allowed' }));
    },
    /** A refusal stands whether or not its record could be written. */
    refused(entry: Omit<AuditEntry, 'kind'> & { readonly code: string }): void {
      metrics.count('access', 1, { action: entry.action, decision: 'refused', code: entry.code });
      noteRefusal(entry.operator);
      say('info', `${entry.action}.refused`, fieldsOf(entry));
      track(append(issue({ ...entry, kind: 'refused' })));
    },
    /** Something that changes who may what: written before it is done. */
    async changed(entry: Omit<AuditEntry, 'kind'>): Promise<void> {
      say('info', `${entry.action}.changed`, fieldsOf(entry));
      await append(issue({ ...entry, kind: 'changed' }));
    },
    ended(entry: Omit<AuditEntry, 'kind'>): void {
      say('info', `${entry.action}.ended`, fieldsOf(entry));
      track(append(issue({ ...entry, kind: 'ended' })));
    },
    /** Waits for records under way, for a Lambda before it answers and a process before it ends. */
    async settle(): Promise<void> {
      while (pending.size > 0) await Promise.all(pending);
    },
    async stop(): Promise<void> {
      if (chain !== undefined) track(append(issue({ kind: 'stopped', action: options.process })));
      await this.settle();
    },
  };
};
export type EventHub = ReturnType<typeof createEventHub>;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Ids and codes are ours; facts may come from outside. */
const harmlessEntry = (entry: AuditEntry): AuditEntry => ({
  ...entry,
  ...(entry.facts === undefined
    ? {}
    : {
        facts: Object.fromEntries(
          Object.entries(entry.facts).map(([name, value]) => [
            name,
            typeof value === 'string' ? harmless(value) : value,
          ]),
        ),
      }),
});

const fieldsOf = ({ facts, ...entry }: Omit<AuditEntry, 'kind'>): LogLine['fields'] => {
  const named = Object.entries(facts ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? harmless(value) : value,
  ]);
  return { ...Object.fromEntries(named), ...entry };
};

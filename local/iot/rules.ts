import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Message } from './message.ts';
import type { Quotas } from './quotas.ts';
import { evaluate } from './rule-evaluation.ts';
import { parseStatement, type Statement } from './rule-sql.ts';
import { basicIngest, isFilter, topicMatches } from './topic-filter.ts';

/** Where a rule sends its events. */
export interface RuleTarget {
  /** As AWS names actions in error messages, e.g. `LambdaAction`. */
  readonly action: string;
  /** What the action works on, e.g. a function's ARN. */
  readonly resource: string;
}

export interface Rule {
  /** Letters, digits and underscores, at most 128. */
  readonly name: string;
  readonly sql: string;
  readonly targets: readonly RuleTarget[];
  /** Receives one message for all targets that failed for one event. */
  readonly errorTarget?: RuleTarget;
}

/** Performs an action; throws or rejects when it fails. */
export type InvokeTarget = (target: RuleTarget, event: unknown) => unknown;

interface Known {
  readonly rule: Rule;
  readonly statement: Statement;
}

interface Failure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

export interface RulesOf {
  readonly invoke: InvokeTarget;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly log: Log;
}

/** Topic rules. Actions run on their own: no publisher waits for them, as on AWS. */
export class Rules {
  private readonly byName = new Map<string, Known>();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly of: RulesOf) {}

  /** Throws when the name is taken or illegal, or the statement is outside the supported subset. */
  add(rule: Rule): void {
    if (!/^[a-zA-Z0-9_]{1,128}$/.test(rule.name)) throw new Error(`${rule.name} is not a rule name.`);
    if (this.byName.has(rule.name)) throw new Error(`There is a rule ${rule.name} already.`);
    const statement = parseStatement(rule.sql);
    const { filter } = statement;
    if (filter !== undefined && (!isFilter(filter, this.of.quotas) || basicIngest(filter) !== undefined)) {
      throw new Error(`${filter} is not a topic filter that a rule can have.`);
    }
    this.byName.set(rule.name, { rule, statement });
  }

  /** Runs every rule whose FROM matches the message's topic. */
  handle(message: Message): void {
    for (const known of this.byName.values()) {
      const { filter } = known.statement;
      if (filter !== undefined && topicMatches(filter, message.topic)) this.run(known, message, message.topic);
    }
  }

  /** Runs the one rule that a Basic Ingest topic names, whatever its FROM; AWS logs RuleNotFound when there is none. */
  ingest(message: Message): void {
    const target = basicIngest(message.topic);
    const known = target === undefined ? undefined : this.byName.get(target.rule);
    if (target === undefined || known === undefined) {
      this.of.log('rule_not_found', { topic: message.topic });
      return;
    }
    const { filter } = known.statement;
    // Allowed, for AWS does not say that FROM is read here; but whoever publishes so probably meant another topic.
    if (filter !== undefined && !topicMatches(filter, target.topic)) {
      this.of.log('rule_topic_differs', { rule: target.rule, topic: target.topic });
    }
    this.run(known, message, target.topic);
  }

  /** Resolves when no action runs any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private run({ rule, statement }: Known, message: Message, topic: string): void {
    const { payload, origin } = message;
    const result = evaluate(statement, { topic, payload, origin, now: this.of.clock.now() });
    if (result === 'not_matching') return;
    const work =
      'fault' in result
        ? this.fail(rule, message, [faultOf(rule, result.fault)])
        : this.act(rule, message, result.event);
    const tracked = work.finally(() => this.running.delete(tracked));
    this.running.add(tracked);
  }

  private async act(rule: Rule, message: Message, event: unknown): Promise<void> {
    const outcomes = await Promise.all(
      // Each target gets its own copy, as it would over a network.
      rule.targets.map((target) => this.perform(target, structuredClone(event))),
    );
    const failures = outcomes.filter((outcome) => outcome !== undefined);
    if (failures.length > 0) await this.fail(rule, message, failures);
  }

  private async perform(target: RuleTarget, event: unknown): Promise<Failure | undefined> {
    try {
      await this.of.invoke(target, event);
      return undefined;
    } catch (cause) {
      const errorMessage = cause instanceof Error ? cause.message : String(cause);
      return { failedAction: target.action, failedResource: target.resource, errorMessage };
    }
  }

  /** AWS, "Error handling (error action)": one message per rule and message, with all failures. */
  private async fail(rule: Rule, message: Message, failures: readonly Failure[]): Promise<void> {
    for (const { errorMessage } of failures) this.of.log('rule_failed', { rule: rule.name, cause: errorMessage });
    if (rule.errorTarget === undefined) return;
    const lost = await this.perform(rule.errorTarget, {
      ruleName: rule.name,
      topic: message.topic,
      cloudwatchTraceId: randomUUID(),
      clientId: message.origin.clientId ?? 'n/a',
      base64OriginalPayload: message.payload.toString('base64'),
      failures,
    });
    if (lost !== undefined) this.of.log('rule_failed', { rule: rule.name, cause: lost.errorMessage });
  }
}

const faultOf = (rule: Rule, errorMessage: string): Failure => ({
  failedAction: rule.targets[0]?.action ?? '',
  failedResource: rule.targets[0]?.resource ?? '',
  errorMessage,
});

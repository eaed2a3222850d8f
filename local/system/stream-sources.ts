import type { DynamoDbStandIn } from '../dynamodb/dynamodb.ts';
import type { EventSourceMapping } from '../event-sources/event-source-mapping.ts';
import { StreamReader } from '../event-sources/stream-reader.ts';
import { contextOf } from '../iam/condition-context.ts';
import type { PolicySystem } from '../iam/policy-system.ts';
import type { FunctionSpec } from '../lambda/function-spec.ts';
import type { Functions } from '../lambda/functions.ts';
import { pause } from '../lambda/pause.ts';

export interface StreamSourcesOptions {
  readonly dynamodb: DynamoDbStandIn;
  readonly functions: Functions;
  readonly policies: PolicySystem;
  readonly onLine: (functionName: string, line: string) => void;
}

/** What Lambda's poller does in the name of the function's role (Lambda, "Execution role permissions" for streams). */
const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((name) => `dynamodb:${name}`);

const retryMilliseconds = 500;

/** The streams of tables, read for functions. */
export class StreamSources {
  private readonly closing = new AbortController();
  private readonly stops: (() => void)[] = [];
  private readonly options: StreamSourcesOptions;

  constructor(options: StreamSourcesOptions) {
    this.options = options;
  }

  /** @throws Error when the function's role may not read the stream, or a filter is not understood */
  add(mapping: EventSourceMapping): void {
    const { dynamodb, functions, onLine } = this.options;
    const spec = functions.find(mapping.functionArn);
    if (spec === undefined) throw new Error(`there is no function ${mapping.functionArn}`);
    this.checkRole(spec.roleArn, mapping.streamArn);
    const reader = new StreamReader({
      mapping,
      signal: this.closing.signal,
      invoke: async (records) => {
        const outcome = await functions.invoke(spec.arn, JSON.stringify({ Records: records })).catch(() => undefined);
        return outcome?.kind === 'answer' ? { answer: JSON.parse(outcome.payload) } : undefined;
      },
      onGivenUp: (records, reason) => onLine(spec.name, `${records.length} stream records are given up: ${reason}`),
    });
    if (!mapping.enabled) return;
    const table = /:table\/([^/]+)\/stream\//.exec(mapping.streamArn)?.[1] ?? '';
    this.stops.push(
      dynamodb.onRecords(table, async (records) => {
        await this.untilAllowed(spec, mapping.streamArn);
        await reader.read(records);
      }),
    );
  }

  close(): void {
    this.closing.abort();
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Lambda's poller asks for every read, and goes on where it stood once it may again. */
  private async untilAllowed(spec: FunctionSpec, streamArn: string): Promise<void> {
    for (;;) {
      try {
        return this.checkRole(spec.roleArn, streamArn);
      } catch (error) {
        this.options.onLine(spec.name, `the stream is not read: ${error instanceof Error ? error.message : 'unknown'}`);
        await pause(retryMilliseconds, this.closing.signal);
        if (this.closing.signal.aborted) return;
      }
    }
  }

  private checkRole(roleArn: string, streamArn: string): void {
    const { authorizer, principals } = this.options.policies;
    const caller = principals.callerOf(roleArn, 'stream-poller');
    const denied = actions.filter(
      (action) => !authorizer.decide(caller, { action, resource: streamArn, context: contextOf({}) }).allowed,
    );
    if (denied.length > 0) throw new Error(`${roleArn} needs ${denied.join(', ')} on ${streamArn}`);
  }
}

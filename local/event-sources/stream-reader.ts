import { pause } from '../lambda/pause.ts';
import { parsePattern } from './event-pattern.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';

/** As much of a stream record as its reader looks at. */
export interface SourceRecord {
  readonly dynamodb: { readonly SequenceNumber: string; readonly ApproximateCreationDateTime: number };
}

/** What a function made of a batch: its answer, or undefined when it failed. */
export type BatchAnswer = { readonly answer: unknown } | undefined;

export interface StreamReaderOptions {
  readonly mapping: EventSourceMapping;
  readonly invoke: (records: readonly SourceRecord[]) => Promise<BatchAnswer>;
  readonly onGivenUp: (records: readonly SourceRecord[], reason: string) => void;
  /** The wait before try number n (from 1), ms. AWS backs off on its own terms. */
  readonly delay?: (failures: number) => number;
  readonly signal: AbortSignal;
}

/** Hands a stream's records to a function, in order, a batch at a time, and tries again what failed. */
export class StreamReader {
  private readonly options: StreamReaderOptions;
  private readonly wanted: (record: SourceRecord) => boolean;

  /** Throws when a filter is not understood. */
  constructor(options: StreamReaderOptions) {
    this.options = options;
    const patterns = options.mapping.filters.map(parsePattern);
    this.wanted = (record) => patterns.length === 0 || patterns.some((matches) => matches(record));
  }

  /** Resolves when every record was handled or given up. */
  async read(records: readonly SourceRecord[]): Promise<void> {
    const wanted = records.filter(this.wanted);
    const { batchSize } = this.options.mapping;
    for (let at = 0; at < wanted.length; at += batchSize) await this.handle(wanted.slice(at, at + batchSize), 0);
  }

  private async handle(batch: readonly SourceRecord[], failedBefore: number): Promise<void> {
    const { mapping, invoke, onGivenUp, signal, delay = backOff } = this.options;
    let rest = batch;
    for (let failures = failedBefore; rest.length > 0 && !signal.aborted; ) {
      const fresh = rest.filter((record) => !isTooOld(record, mapping.maximumAgeSeconds));
      if (fresh.length < rest.length)
        onGivenUp(
          rest.filter((record) => !fresh.includes(record)),
          'too old',
        );
      rest = fresh;
      if (rest.length === 0) return;
      const failed = failedFrom(rest, await invoke(rest), mapping.partialFailures);
      if (failed.length === 0) return;
      if (failed.length < rest.length) failures = 0;
      failures += 1;
      rest = failed;
      if (mapping.retries >= 0 && failures > mapping.retries) return onGivenUp(rest, `failed ${failures} times`);
      await pause(delay(failures), signal);
      // Halving finds the one record that fails; the tries already made count for both halves.
      if (mapping.bisect && rest.length > 1) {
        const half = Math.ceil(rest.length / 2);
        await this.handle(rest.slice(0, half), failures);
        await this.handle(rest.slice(half), failures);
        return;
      }
    }
  }
}

/** Lambda, "Batch item failures": from the lowest reported number on all is tried again; an answer it cannot read fails the batch. */
function failedFrom(batch: readonly SourceRecord[], answer: BatchAnswer, partial: boolean): readonly SourceRecord[] {
  if (answer === undefined) return batch;
  if (!partial) return [];
  const failures = (answer.answer as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return batch;
  const numbers = failures.map((one: { itemIdentifier?: unknown } | null) => one?.itemIdentifier);
  const positions = numbers.map((number) => batch.findIndex((record) => record.dynamodb.SequenceNumber === number));
  if (positions.includes(-1)) return batch;
  return positions.length === 0 ? [] : batch.slice(Math.min(...positions));
}

function isTooOld(record: SourceRecord, seconds: number): boolean {
  return seconds >= 0 && Date.now() / 1000 - record.dynamodb.ApproximateCreationDateTime > seconds;
}

const backOff = (failures: number): number => Math.min(10_000, 100 * 2 ** failures);

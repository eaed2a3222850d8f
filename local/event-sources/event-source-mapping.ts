/** A stream whose records a function gets (`AWS::Lambda::EventSourceMapping`). */
export interface EventSourceMapping {
  readonly id: string;
  readonly streamArn: string;
  readonly functionArn: string;
  readonly batchSize: number;
  /** Seconds that a batch may wait for more records. */
  readonly windowSeconds: number;
  /** Tries after the first one; -1: until the records are too old. */
  readonly retries: number;
  /** Records older than that are given up; -1: never. */
  readonly maximumAgeSeconds: number;
  readonly bisect: boolean;
  readonly partialFailures: boolean;
  /** Event patterns, JSON; a record goes to the function when one of them matches, or when there is none. */
  readonly filters: readonly string[];
  readonly enabled: boolean;
}

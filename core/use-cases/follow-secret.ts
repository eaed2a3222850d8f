import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { harmless } from '../model/text.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import type { Timers } from '../ports/timers.ts';

/** A read costs $0.000005: with 100 relays these are $11 a month. Rotations leave days between announcement and use. */
export const followMilliseconds = 120_000;

export type Followed<Usable> = {
  /** What was good last. */
  current(): Usable;
  stop(): void;
};

export type FollowOptions<Value, Usable> = {
  /** For log and metrics: `host_keys`, `certificate`. */
  readonly name: string;
  readonly source: SecretSource<Value>;
  /** Throws for a value that must not be used; what it says must not hold any of it. */
  readonly use: (value: Value) => Usable;
  /** Stands until a good value was read. Without it the first value must be good, or this throws. */
  readonly otherwise?: { readonly usable: Usable };
  readonly timers: Timers;
  readonly hub: EventHub;
  readonly everyMilliseconds?: number;
};

/**
 * Reads a secret now and every two minutes, so that a process takes a new key or certificate without a restart. A value
 * that cannot be read or used changes nothing but the metrics: `secret_stale` is 1 until it is mended.
 */
export const followSecret = async <Value, Usable>(options: FollowOptions<Value, Usable>): Promise<Followed<Usable>> => {
  const { name, source, hub, timers, everyMilliseconds = followMilliseconds } = options;
  let standing = options.otherwise;
  let version: string | undefined;
  let refused: string | undefined;
  let timer: { cancel(): void } | undefined;
  let isStopped = false;

  /** `used`, or why not. The same bad version is complained of in the log once. */
  const refresh = async (): Promise<'used' | 'same' | Error> => {
    const found = await source.read();
    if (found.version === version) return 'same';
    try {
      standing = { usable: options.use(found.open()) };
    } catch (error) {
      const why = errorOf(error);
      if (refused !== found.version) hub.log('error', 'secret.refused', { secret: name, why: whyOf(why) });
      refused = found.version;
      return why;
    }
    version = found.version;
    refused = undefined;
    return 'used';
  };

  const look = async (): Promise<Error | undefined> => {
    const outcome = await refresh().catch((error: unknown) => {
      const why = errorOf(error);
      hub.log('warn', 'secret.unread', { secret: name, why: whyOf(why) });
      return why;
    });
    const failed = outcome instanceof Error;
    if (outcome === 'used') hub.log('info', 'secret.used', { secret: name });
    if (outcome !== 'same')
      hub.metrics.count('secret_reloads', 1, { secret: name, outcome: failed ? 'failed' : 'used' });
    hub.metrics.gauge('secret_stale', failed ? 1 : 0, { secret: name });
    return failed ? outcome : undefined;
  };

  const later = (): void => {
    if (isStopped) return;
    timer = timers.schedule(everyMilliseconds, () => void look().then(later));
  };

  const failure = await look();
  if (standing === undefined) throw failure ?? new Error('nothing was read');
  const first = standing;
  later();
  return {
    current: () => (standing ?? first).usable,
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
};

const errorOf = (error: unknown): Error => (error instanceof Error ? error : new Error('unknown'));
const whyOf = (error: Error): string =>
  harmless(error instanceof SallyportError ? (error.detail ?? error.code) : error.message, 200);

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { systemTimers, type Timer, type Timers } from './timer-wheel.ts';

export interface SpliceOptions {
  /** Ends the splice when no byte moved either way for so long, in milliseconds. Default: never. */
  readonly idleMilliseconds?: number;
  /** Ends it when an end takes nothing of what waits for it for so long, in milliseconds. Default: 60,000. */
  readonly stallMilliseconds?: number;
  /** A source is paused while so many bytes wait to be taken by the other end. Default: 128 KB. */
  readonly maxBuffered?: number;
  readonly timers?: Timers;
}

/**
 * `ended`: both directions came to their end. `a_closed`, `b_closed`: that end closed as a whole. `a_error`, `b_error`:
 * it failed (reset, lost). `idle`, `stalled`: a limit. Anything else: the word given to `destroy`.
 */
export interface SpliceEnd {
  readonly reason: 'ended' | 'a_closed' | 'b_closed' | 'a_error' | 'b_error' | 'idle' | 'stalled' | (string & {});
  readonly bytesAtoB: number;
  readonly bytesBtoA: number;
  /** What failed, for the log; a peer hanging up is an ending, not an error. */
  readonly error?: Error | undefined;
}

export interface Splice {
  /** Resolves once, when both ends are destroyed. Never rejects. */
  readonly closed: Promise<SpliceEnd>;
  readonly bytesAtoB: number;
  readonly bytesBtoA: number;
  /** Milliseconds on `performance.now()`'s clock when a byte last moved. */
  readonly lastMoved: number;
  /** Ends it now, for that reason. Only the first reason counts. */
  destroy(reason: string): void;
}

/** One direction: what `from` gives is written to `to`, no faster than `to` takes it. */
class Flow {
  bytes = 0;
  /** `from` said it gives no more. */
  ended = false;
  /** `to` has taken everything. */
  finished = false;
  movedAt = performance.now();
  takenAt = performance.now();
  #paused = false;

  constructor(from: Duplex, to: Duplex, limit: number, onFinished: () => void) {
    const onTaken = () => {
      this.takenAt = performance.now();
      if (this.#paused && to.writableLength <= limit / 2) {
        this.#paused = false;
        from.resume();
      }
    };
    from.on('data', (chunk: Buffer) => {
      if (!to.writable) return;
      this.movedAt = performance.now();
      if (to.writableLength === 0) this.takenAt = this.movedAt;
      this.bytes += chunk.length;
      to.write(chunk, onTaken);
      if (!this.#paused && to.writableLength >= limit) {
        this.#paused = true;
        from.pause();
      }
    });
    from.once('end', () => {
      this.ended = true;
      to.end();
    });
    to.once('finish', () => {
      this.finished = true;
      onFinished();
    });
  }
}

/**
 * Joins two streams until both directions end, one end closes or fails, or a limit passes. End of input at one end is
 * passed on as end of output at the other and the way back stays open (half-close), so both must allow half-open.
 */
export const splice = (a: Duplex, b: Duplex, options: SpliceOptions = {}): Splice => {
  const timers = options.timers ?? systemTimers;
  const idle = options.idleMilliseconds ?? Number.POSITIVE_INFINITY;
  const stall = options.stallMilliseconds ?? 60_000;
  const limit = options.maxBuffered ?? 128 * 1024;
  let settled = false;
  let timer: Timer | undefined;
  let resolve: (end: SpliceEnd) => void = () => undefined;
  const closed = new Promise<SpliceEnd>((given) => {
    resolve = given;
  });

  const settle = (reason: SpliceEnd['reason'], error?: Error) => {
    if (settled) return;
    settled = true;
    timer?.cancel();
    // A stream that was cut must not look like one that ended: a file's end and a lost device are not the same.
    const whole = reason === 'ended' || reason === 'a_closed' || reason === 'b_closed';
    for (const end of [a, b]) if (!end.destroyed) (whole ? discard : reset)(end);
    resolve({ reason, bytesAtoB: aToB.bytes, bytesBtoA: bToA.bytes, error });
  };

  // Handlers for 'error' on both ends before anything can fail.
  a.on('error', (error) => settle('a_error', error));
  b.on('error', (error) => settle('b_error', error));

  const onFinished = () => {
    if (aToB.finished && bToA.finished) settle('ended');
    else if (aToB.finished && a.destroyed) settle('a_closed');
    else if (bToA.finished && b.destroyed) settle('b_closed');
  };
  const aToB = new Flow(a, b, limit, onFinished);
  const bToA = new Flow(b, a, limit, onFinished);

  const onClose = (reason: 'a_closed' | 'b_closed', out: Flow, back: Flow, other: Duplex) => {
    if (settled || (out.ended && back.finished)) return;
    // It closed as a whole. What it had said to its end still has to reach the other; what comes back has nowhere to go.
    if (!out.ended) settle(reason === 'a_closed' ? 'a_error' : 'b_error', new Error('closed before its end'));
    else if (out.finished) settle(reason);
    else other.resume();
  };
  a.once('close', () => onClose('a_closed', aToB, bToA, b));
  b.once('close', () => onClose('b_closed', bToA, aToB, a));

  const watch = () => {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [flow, to] of [
      [aToB, b],
      [bToA, a],
    ] as const) {
      const left = stall - (to.writableLength > 0 ? now - flow.takenAt : 0);
      if (left <= 0) return settle('stalled');
      next = Math.min(next, left);
    }
    const quiet = idle - (now - Math.max(aToB.movedAt, bToA.movedAt));
    if (quiet <= 0) return settle('idle');
    const wait = Math.min(next, quiet);
    if (Number.isFinite(wait)) timer = timers.schedule(wait, watch);
  };
  watch();

  if (a.destroyed) settle('a_error', new Error('already closed'));
  else if (b.destroyed) settle('b_error', new Error('already closed'));

  return {
    closed,
    get bytesAtoB() {
      return aToB.bytes;
    },
    get bytesBtoA() {
      return bToA.bytes;
    },
    get lastMoved() {
      return Math.max(aToB.movedAt, bToA.movedAt);
    },
    destroy: (reason) => settle(reason),
  };
};

const discard = (end: Duplex) => end.destroy();

/** TCP has a word for "cut": RST. TLS sockets and pipes do not take it, so they are only destroyed. */
const reset = (end: Duplex) => {
  if (end instanceof Socket && !(end instanceof TLSSocket) && end.remotePort !== undefined) end.resetAndDestroy();
  else end.destroy();
};

import type { Duplex } from 'node:stream';
import { decodeProxyHeader, maxProxyHeaderLength, type ProxyDecoding, type ProxyHeader } from './proxy-protocol.ts';
import { type Protocol, sniff, sniffLength } from './sniff.ts';
import { systemTimers, type Timers } from './timer-wheel.ts';

export interface PeekOptions {
  /** How long to wait for enough bytes, in milliseconds. */
  readonly timeoutMilliseconds: number;
  /** With so many bytes and still no verdict, the answer is `full`. */
  readonly maximum: number;
  readonly timers?: Timers;
}

export type Peeked<T> =
  | { readonly outcome: 'verdict'; readonly verdict: T; readonly bytes: Buffer }
  /** No verdict. `bytes` is what there was; after `closed` the socket is at its end. */
  | { readonly outcome: 'timeout' | 'closed' | 'full'; readonly bytes: Buffer };

/**
 * Shows the first bytes of a stream to `judge` until it gives a verdict. Nothing is consumed, but for the first
 * `consume(verdict)` bytes: the rest is put back, in order, for whoever reads next. The stream must not be flowing yet
 * (no 'data' listener) and gets an 'error' listener meanwhile; a destroyed or failing stream is `closed`.
 */
export const peek = <T>(
  stream: Duplex,
  judge: (bytes: Buffer) => T | undefined,
  options: PeekOptions,
  consume: (verdict: T) => number = () => 0,
): Promise<Peeked<T>> =>
  new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = (options.timers ?? systemTimers).schedule(options.timeoutMilliseconds, () => finish('timeout'));

    const finish = (outcome: 'timeout' | 'closed' | 'full' | { readonly verdict: T }) => {
      timer.cancel();
      stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      const rest = typeof outcome === 'string' ? bytes : bytes.subarray(consume(outcome.verdict));
      if (rest.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(rest);
      resolve(
        typeof outcome === 'string' ? { outcome, bytes } : { outcome: 'verdict', verdict: outcome.verdict, bytes },
      );
    };
    const onEnd = () => finish('closed');
    const onReadable = () => {
      for (let chunk: Buffer | null = stream.read(); chunk !== null; chunk = stream.read()) {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      }
      if (bytes.length === 0) return;
      const verdict = judge(bytes);
      if (verdict !== undefined) finish({ verdict });
      else if (bytes.length >= options.maximum) finish('full');
    };

    if (stream.destroyed || stream.readableEnded) finish('closed');
    else stream.on('error', onEnd).on('end', onEnd).on('close', onEnd).on('readable', onReadable);
  });

/** Which protocol a connection begins with. Nothing is consumed. */
export const peekProtocol = (stream: Duplex, options: Omit<PeekOptions, 'maximum'>): Promise<Peeked<Protocol>> =>
  peek(stream, sniff, { ...options, maximum: sniffLength });

export type ProxyHeaderRead =
  | { readonly outcome: 'header'; readonly header: ProxyHeader }
  | { readonly outcome: 'refused'; readonly why: string };

/** Reads and consumes a mandatory PROXY v2 header. Without a whole, valid one in time the answer says why not. */
export const readProxyHeader = async (
  stream: Duplex,
  options: Omit<PeekOptions, 'maximum'>,
): Promise<ProxyHeaderRead> => {
  const judge = (bytes: Buffer): Exclude<ProxyDecoding, { status: 'more' }> | undefined => {
    const decoding = decodeProxyHeader(bytes);
    return decoding.status === 'more' ? undefined : decoding;
  };
  const peeked = await peek(stream, judge, { ...options, maximum: maxProxyHeaderLength }, (decoding) =>
    decoding.status === 'done' ? decoding.length : 0,
  );
  if (peeked.outcome !== 'verdict') return { outcome: 'refused', why: `no whole PROXY header: ${peeked.outcome}` };
  if (peeked.verdict.status === 'invalid') return { outcome: 'refused', why: peeked.verdict.why };
  return { outcome: 'header', header: peeked.verdict.header };
};

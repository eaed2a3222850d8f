import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import type { Clock } from '../core/ports/clock.ts';
import { challengeBytes, type DoorAnswer } from '../core/wire/door.ts';
import { type Listener, listen } from '../net/listen.ts';
import { splice } from '../net/splice.ts';
import type { RelayLimits } from './config.ts';
import { type DoorVisitor, readDoorHeader } from './door-header.ts';
import type { Forward, Stream } from './forward.ts';
import type { Forwards } from './forwards.ts';

const headerMilliseconds = 5_000;
/** A stream that nobody reads is ended after this long: it would pin its window's memory. */
const stallMilliseconds = 60_000;

/** The relay's one internal port, where routers bring user connections. */
export const openDoor = (options: {
  readonly host: string;
  readonly port: number;
  readonly doorKey: Uint8Array;
  readonly forwards: Forwards;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly hub: EventHub;
  /** Called when a stream began or ended, for the idle limit. */
  readonly onUse: (forward: Forward) => void;
}): Promise<Listener> => {
  const { forwards, limits, clock, hub } = options;
  let streams = 0;

  const serve = async (socket: Socket): Promise<void> => {
    const challenge = randomBytes(challengeBytes);
    socket.write(challenge);
    const read = await readDoorHeader(socket, {
      challenge,
      doorKey: options.doorKey,
      timeoutMilliseconds: headerMilliseconds,
    });
    if (!read.ok) {
      hub.refused({
        action: 'door',
        code: read.answer === 'unauthorized' ? 'unauthenticated' : 'invalid_request',
        source: socket.remoteAddress,
      });
      return answer(socket, read.answer);
    }
    await join(socket, read.visitor);
  };

  const join = async (socket: Socket, visitor: DoorVisitor): Promise<void> => {
    const { pass } = visitor;
    const forward = forwards.get(pass.tunnel);
    hub.debug('door.knock', [forward?.device, pass.operator], {
      tunnel: pass.tunnel,
      epoch: pass.epoch,
      held: forward?.epoch,
      way: pass.way,
    });
    if (forward === undefined || clock.now() >= forward.endsAt) return answer(socket, 'gone');
    if (forward.epoch !== pass.epoch) return answer(socket, 'stale');
    if (forward.streams.size >= limits.streamsPerForward || streams >= limits.streams) return answer(socket, 'busy');
    streams += 1;
    // Holds the place from here on, so that a hundred at once cannot pass the limit together.
    const stream: Stream = { operator: pass.operator, destroy: () => void socket.destroy() };
    forward.streams.add(stream);
    options.onUse(forward);
    try {
      const channel = await forward.session.openForwarded({
        wireAddress: forward.wireAddress,
        wirePort: forward.wirePort,
        originAddress: visitor.originAddress,
        originPort: visitor.originPort,
      });
      if (socket.destroyed || !forward.streams.has(stream)) {
        channel.destroy();
        return;
      }
      const joined = splice(socket, channel, { stallMilliseconds });
      stream.destroy = (reason) => joined.destroy(reason);
      socket.write('ok\n');
      const end = await joined.closed;
      hub.metrics.count('stream_bytes', end.bytesAtoB, { direction: 'to_device' });
      hub.metrics.count('stream_bytes', end.bytesBtoA, { direction: 'to_operator' });
      hub.ended({
        action: 'stream',
        tunnel: pass.tunnel,
        device: forward.device,
        operator: pass.operator,
        way: pass.way,
        code: end.reason,
        facts: { toDevice: end.bytesAtoB, toOperator: end.bytesBtoA },
      });
    } catch (error) {
      hub.log('info', 'channel.refused', { tunnel: pass.tunnel, device: forward.device, code: codeOf(error) });
      answer(socket, codeOf(error) === 'timeout' ? 'timeout' : 'refused');
    } finally {
      streams -= 1;
      forward.streams.delete(stream);
      forward.lastUsedAt = clock.now();
      options.onUse(forward);
    }
  };

  return listen({
    host: options.host,
    port: options.port,
    purpose: 'the door',
    onConnection: (socket) => {
      serve(socket).catch((error: unknown) => {
        hub.log('error', 'door.failed', { error: error instanceof Error ? error.message : String(error) });
        socket.destroy();
      });
    },
  });
};

const answer = (socket: Socket, code: DoorAnswer): void => {
  if (!socket.destroyed) socket.end(`${code}\n`, () => socket.destroy());
};

const codeOf = (error: unknown): string => (error instanceof SallyportError ? error.code : 'device_failed');

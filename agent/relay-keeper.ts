import type { BackOff } from './back-off.ts';
import type { Greeting } from './greeting.ts';
import { DialError, type DialRelay, type LinkHooks, type RelayLink } from './relay-link.ts';
import type { Wanted, WantedTunnels } from './wanted.ts';

/** After the last tunnel the session stays so long, for the next one often comes soon. */
const lingerMilliseconds = 20_000;
/** A forward can be refused while a relay is busy or a row is being written; more often than this it is meant. */
const forwardTries = 4;

/** Keeps one session to a relay while there are tunnels to keep, and each of them forwarded through it. */
export const createRelayKeeper = (parts: {
  readonly device: string;
  readonly wanted: WantedTunnels;
  readonly greeting: Greeting;
  readonly backOff: BackOff;
  readonly dial: DialRelay;
  readonly hooks: Pick<LinkHooks, 'onChannel'>;
  readonly signal: AbortSignal;
  readonly onOpened: (wanted: Wanted, serverId: string) => void;
  readonly onFailed: (wanted: Wanted, code: string, detail: string) => void;
  readonly log: (event: string, fields?: Record<string, string | number>) => void;
}) => {
  const { wanted, greeting, backOff, signal, log } = parts;
  let link: RelayLink | undefined;
  let linking: Promise<RelayLink> | undefined;
  let linger: NodeJS.Timeout | undefined;

  const connect = async (): Promise<RelayLink> => {
    const { relay, pins } = await greeting.acknowledged(signal);
    const made = await parts.dial(
      { relay, pins, device: parts.device, key: greeting.key },
      {
        onChannel: parts.hooks.onChannel,
        onClosed: (why) => {
          log('relay.closed', { serverId: made.serverId, why });
          if (link === made) lost();
        },
      },
    );
    log('relay.connected', { serverId: made.serverId });
    backOff.held(performance.now());
    link = made;
    return made;
  };

  const lost = (): void => {
    link = undefined;
    for (const one of wanted) one.serverId = undefined;
    if (wanted.size > 0 && !signal.aborted) void keepAll();
  };

  /** One dial at a time; it goes on until it succeeds, nobody wants it any more, or the agent stops. */
  const linked = (): Promise<RelayLink> => {
    if (link !== undefined) return Promise.resolve(link);
    linking ??= dialUntil().finally(() => {
      linking = undefined;
    });
    return linking;
  };

  const dialUntil = async (): Promise<RelayLink> => {
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = error instanceof DialError ? error.failure : 'unreachable';
        log('relay.unreached', { failure, why: error instanceof Error ? error.message : 'unknown' });
        if (failure === 'unpinned') {
          for (const one of [...wanted])
            parts.onFailed(one, 'relay_unpinned', 'the relay showed a host key that is not pinned');
          throw error;
        }
        if (failure === 'rejected_key') greeting.begin();
        if (wanted.size === 0) throw error;
      }
      await pause(backOff.next(performance.now()), signal);
    }
  };

  const keep = async (one: Wanted): Promise<void> => {
    for (let tries = 1; wanted.get(one.tunnel) === one && one.serverId === undefined; tries += 1) {
      const current = await linked();
      try {
        await current.forward(one.tunnel);
        if (wanted.get(one.tunnel) !== one) return await current.cancel(one.tunnel);
        if (link !== current) continue;
        one.serverId = current.serverId;
        log('tunnel.opened', { tunnel: one.tunnel, serverId: current.serverId });
        return parts.onOpened(one, current.serverId);
      } catch (error) {
        if (signal.aborted || link !== current) continue;
        log('forward.refused', { tunnel: one.tunnel, tries, why: error instanceof Error ? error.message : 'unknown' });
        if (tries >= forwardTries) return parts.onFailed(one, 'forward_refused', 'the relay refused the forward');
        await pause(100 + 200 * Math.random(), signal);
      }
    }
  };

  const keepAll = async (): Promise<void> => {
    await Promise.allSettled([...wanted].map((one) => keep(one)));
  };

  return {
    keep: (one: Wanted): void => {
      clearTimeout(linger);
      keep(one).catch((error: unknown) =>
        log('tunnel.unkept', { tunnel: one.tunnel, why: error instanceof Error ? error.message : 'unknown' }),
      );
    },
    /** The tunnel is not wanted any more. */
    async release(one: Wanted): Promise<void> {
      if (link !== undefined && one.serverId === link.serverId) await link.cancel(one.tunnel).catch(() => undefined);
      if (wanted.size > 0) return;
      clearTimeout(linger);
      linger = setTimeout(() => wanted.size === 0 && link?.end(), lingerMilliseconds);
    },
    stop(): void {
      clearTimeout(linger);
      link?.end();
    },
  };
};
export type RelayKeeper = ReturnType<typeof createRelayKeeper>;

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });

import type { Timers } from '../core/ports/timers.ts';

/** Seconds between signs of life that are asked for: often while somebody works, seldom while nobody does. */
const seconds = { used: 10, idle: 30 } as const;
const usedMilliseconds = 5 * 60_000;

type Session = {
  readonly closed: Promise<unknown>;
  readonly stats: { readonly channels: number };
  setKeepalive(seconds: number): void;
};

/** Sets a session's keepalive by its use. A new session counts as used. */
export const keepLively = (session: Session, timers: Timers): { readonly used: () => void } => {
  let isUsed = true;
  let timer: { cancel(): void };
  const watch = (): void => {
    timer = timers.schedule(usedMilliseconds, () => {
      if (session.stats.channels > 0) return watch();
      isUsed = false;
      session.setKeepalive(seconds.idle);
    });
  };
  watch();
  void session.closed.then(() => timer.cancel());
  return {
    used() {
      if (!isUsed) session.setKeepalive(seconds.used);
      isUsed = true;
      timer.cancel();
      watch();
    },
  };
};

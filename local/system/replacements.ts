import type { DataPlane, RunningTask } from './data-plane.ts';

/** As ECS waits before it starts a task again that ended, ms. */
const pauseMilliseconds = 1_000;

/**
 * Starts a relay or router again when it ends by itself, as ECS does, at the same address and with a new server id.
 * Returns the way to stop doing so. `onFailed` hears of one that could not be started again.
 */
export function replaceWhatEnds(
  dataPlane: DataPlane,
  routerPort: number,
  say: (what: string) => void,
  onFailed: (error: unknown) => void,
): () => void {
  let stopped = false;
  const watch = async (task: RunningTask, again: () => Promise<RunningTask>): Promise<void> => {
    const why = await task.child.exited;
    if (stopped) return;
    say(`${task.child.name} at ${task.host} ended (${why}): another takes its place`);
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    if (stopped) return;
    try {
      const next = await again();
      say(`${next.child.name} at ${next.host} runs again`);
      void watch(next, again);
    } catch (error) {
      onFailed(error);
    }
  };
  for (const relay of dataPlane.relays) void watch(relay, () => dataPlane.startRelay(relay.host));
  for (const router of dataPlane.routers) void watch(router, () => dataPlane.startRouter(routerPort));
  return () => {
    stopped = true;
  };
}

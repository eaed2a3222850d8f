type Listen = (event: string, run: () => void) => unknown;
type Program = { readonly on: Listen; readonly once: Listen; readonly connected?: boolean };

/**
 * Resolves with the reason when the process should end: SIGTERM, SIGINT, or, where a parent holds an IPC channel, that
 * the parent has gone, however that ended. Call it before anything that takes time. `again` is called when whoever
 * asked asks once more: they do not want to wait.
 */
export const asksToEnd = (program: Program, again: () => void): Promise<string> =>
  new Promise((resolve) => {
    const gone = 'the parent process has gone';
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      program.once(signal, () => {
        resolve(signal);
        for (const next of ['SIGTERM', 'SIGINT'] as const) program.on(next, again);
      });
    program.once('disconnect', () => resolve(gone));
    // It may have gone while the modules were loaded. Without a parent's channel this is undefined.
    if (program.connected === false) resolve(gone);
  });

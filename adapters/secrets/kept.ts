const keepMilliseconds = 60_000;

/** Reads at most once a minute; while it cannot be read, what was read last stands. Rejects with the first failure. */
export const kept = <Value>(read: () => Promise<Value>, now: () => number): (() => Promise<Value>) => {
  let last: { readonly value: Value; readonly at: number } | undefined;
  return async () => {
    if (last !== undefined && now() - last.at < keepMilliseconds) return last.value;
    try {
      const value = await read();
      last = { value, at: now() };
      return value;
    } catch (error) {
      if (last !== undefined) return last.value;
      throw error;
    }
  };
};

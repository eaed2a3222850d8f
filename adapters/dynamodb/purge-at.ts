/** The TTL attribute: whole seconds, rounded up. The service deletes within about two days after it. */
export const purgeAtOf = (milliseconds: number): number => Math.ceil(milliseconds / 1_000);

/** What a step does once everything that it needs is there. */
export interface Act {
  readonly act: () => Promise<void>;
  /** Leaves the system as it was found. */
  readonly after?: () => Promise<void>;
}

/** One thing that people, devices or the clock have the system do. It fails when what it promises does not come. */
export interface Step {
  readonly name: string;
  /** Makes ready, with every permission there, and says what to do. */
  readonly ready: () => Promise<Act>;
  /** By their labels, the permissions whose want shows best here: elsewhere something may be answered from a memory. */
  readonly shows?: RegExp;
}

export const step = (name: string, act: () => Promise<void>, after?: () => Promise<void>): Step => ({
  name,
  ready: async () => ({ act, ...(after === undefined ? {} : { after }) }),
});

/** @throws Error with what differs */
export function expectStatus(found: { readonly status: number; readonly body: unknown }, status: number): void {
  if (found.status !== status) throw new Error(`answered ${found.status}: ${JSON.stringify(found.body)}`);
}

/** A refusal with this code. @throws Error with what came instead */
export function expectCode(found: { readonly status: number; readonly body: unknown }, code: string): void {
  const { body } = found;
  const isProblem = typeof body === 'object' && body !== null && 'code' in body && body.code === code;
  if (!isProblem) throw new Error(`answered ${found.status}, not ${code}: ${JSON.stringify(body)}`);
}

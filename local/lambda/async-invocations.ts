import type { AsyncSettings } from './function-spec.ts';
import { defaultAsyncSettings } from './function-spec.ts';
import type { OutcomeMessage } from './invocation.ts';
import { pause } from './pause.ts';

export interface AsyncInvocationsOptions {
  readonly invoke: (functionArn: string, payload: string) => Promise<OutcomeMessage>;
  /** Waits before further tries, ms. */
  readonly delays: readonly number[];
  readonly onGivenUp: (functionArn: string, reason: string) => void;
}

/** Events that nobody waits for, tried again until they succeed or their function's settings say enough. */
export class AsyncInvocations {
  private readonly settings = new Map<string, AsyncSettings>();
  private readonly running = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private readonly options: AsyncInvocationsOptions;

  constructor(options: AsyncInvocationsOptions) {
    this.options = options;
  }

  configure(functionArn: string, settings: AsyncSettings): void {
    this.settings.set(functionArn, settings);
  }

  add(functionArn: string, payload: string): void {
    const work = this.persist(functionArn, payload).finally(() => this.running.delete(work));
    this.running.add(work);
  }

  /** Resolves when no event runs or waits. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Gives up what waits; what runs goes on until its function ends. */
  close(): void {
    this.closing.abort();
  }

  /** A function's error uses up a try; a throttled event only waits (Lambda, "How Lambda handles errors and retries"). */
  private async persist(functionArn: string, payload: string): Promise<void> {
    const { retries, maximumAgeSeconds } = this.settings.get(functionArn) ?? defaultAsyncSettings;
    const giveUpAt = Date.now() + maximumAgeSeconds * 1000;
    const { delays } = this.options;
    for (let failures = 0; !this.closing.signal.aborted; ) {
      const outcome = await this.options.invoke(functionArn, payload).catch((error: unknown) => String(error));
      if (typeof outcome !== 'string') {
        if (outcome.kind === 'answer') return;
        failures += 1;
      }
      if (failures > retries || Date.now() > giveUpAt) {
        const reason = typeof outcome === 'string' ? outcome : outcome.error.errorMessage;
        return this.options.onGivenUp(functionArn, reason);
      }
      await pause(delays[Math.min(Math.max(failures, 1), delays.length) - 1] ?? 0, this.closing.signal);
    }
  }
}

import { type AdminServerOptions, startAdminServer } from './admin-server.ts';
import { watchVitals } from './process-vitals.ts';

const flushMilliseconds = 60_000;

/**
 * Tells how a long-lived process does: its metrics, with memory and delays, each minute and wherever they are asked for.
 * `measure` sets what only the process knows. Stopped last, so that a drain can be watched; what is left is told then.
 * Rejects with ListenError.
 */
export const tellMetrics = async (options: {
  readonly metrics: {
    gauge(name: 'memory_bytes' | 'loop_delay_milliseconds', value: number): void;
    flush(): void;
    text(): string;
  };
  /** Where health and metrics are asked for; nowhere unless given. */
  readonly listen: Pick<AdminServerOptions, 'host' | 'port'> | undefined;
  readonly measure: () => void;
}): Promise<{ stop(): Promise<void> }> => {
  const { metrics, listen } = options;
  const admin = listen && (await startAdminServer({ ...listen, metrics: () => metrics.text() }));
  const vitals = watchVitals();
  const measure = (): void => {
    options.measure();
    const { memoryBytes, loopDelayMilliseconds } = vitals.read();
    metrics.gauge('memory_bytes', memoryBytes);
    metrics.gauge('loop_delay_milliseconds', loopDelayMilliseconds);
  };
  measure();
  const flush = setInterval(() => {
    measure();
    metrics.flush();
  }, flushMilliseconds);
  return {
    async stop() {
      clearInterval(flush);
      vitals.stop();
      metrics.flush();
      await admin?.close();
    },
  };
};

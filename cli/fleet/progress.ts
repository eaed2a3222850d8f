import { harmless } from '../../core/model/text.ts';

/** What became of one device, as a person and as a program reads it. */
export type Step = { readonly device: string; readonly outcome: string; readonly detail?: string };

/** Tells how far it is: one line that renews itself on a terminal, else a line now and then; with `json` a line each. */
export const createProgress = (options: {
  readonly total: number | undefined;
  readonly json: boolean;
  /** Outcomes that need somebody's attention: they are named each. */
  readonly bad: ReadonlySet<string>;
  readonly out?: (text: string) => void;
  readonly now?: () => number;
}) => {
  const { total, json, bad, now = () => performance.now() } = options;
  const out = options.out ?? ((text: string) => void (json ? process.stdout : process.stderr).write(text));
  const renews = !json && options.out === undefined && process.stderr.isTTY === true;
  const counts = new Map<string, number>();
  const begun = now();
  let done = 0;
  let toldAt = begun;

  const line = (): string => {
    const seconds = (now() - begun) / 1_000;
    const rate = seconds > 0 ? done / seconds : 0;
    const of = total === undefined ? '' : ` of ${total}`;
    const left = total === undefined || rate === 0 ? '' : `, ${Math.ceil((total - done) / rate)} s to go`;
    const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    return `${done}${of}: ${parts} (${rate.toFixed(1)} a second${left})`;
  };

  return {
    tell({ device, outcome, detail }: Step): void {
      done += 1;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      const step = { device, outcome, ...(detail === undefined ? {} : { detail: harmless(detail, 300) }) };
      if (json) out(`${JSON.stringify(step)}\n`);
      else if (bad.has(outcome)) out(`${renews ? '\r\u001b[K' : ''}${device}: ${outcome}: ${step.detail ?? ''}\n`);
      if (json) return;
      if (renews) out(`\r\u001b[K${line()}`);
      else if (now() - toldAt >= 5_000) {
        toldAt = now();
        out(`${line()}\n`);
      }
    },
    /** True when nothing needs attention. */
    end(): boolean {
      if (json)
        out(`${JSON.stringify({ done, ...(total === undefined ? {} : { total }), ...Object.fromEntries(counts) })}\n`);
      else out(`${renews ? '\r\u001b[K' : ''}${line()}\n`);
      return ![...bad].some((outcome) => counts.has(outcome));
    },
  };
};

/** What a bench prints: text for people, or one JSON line with `--json`. */
export const wantsJson = process.argv.includes('--json');

export function printReport(figures: object, text: readonly string[]): void {
  process.stdout.write(wantsJson ? `${JSON.stringify(figures)}\n` : `${text.join('\n')}\n`);
}

/** Progress goes where it does not mix with the figures. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The value that so many percent of the sample do not exceed (nearest rank). @throws RangeError for an empty sample */
export function percentile(sample: readonly number[], percent: number): number {
  const sorted = [...sample].sort((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('a percentile of nothing');
  return found;
}

/** p50, p99 and the worst, in the sample's own unit, to a tenth. */
export const spread = (sample: readonly number[]) => ({
  p50: tenth(percentile(sample, 50)),
  p99: tenth(percentile(sample, 99)),
  most: tenth(percentile(sample, 100)),
});

export const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Columns aligned, numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const cells = rows.map((row) => row.map(String));
  const widths = cells.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}

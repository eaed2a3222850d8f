import type { Cancel, Clock } from '../../../local/iot/clock.ts';

/** A clock that moves when told to. */
export class ManualClock implements Clock {
  private instant = 1_700_000_000_000;
  private readonly due = new Map<symbol, { readonly at: number; readonly run: () => void }>();

  readonly now = (): number => this.instant;

  after(milliseconds: number, run: () => void): Cancel {
    const key = Symbol('timer');
    this.due.set(key, { at: this.instant + milliseconds, run });
    return () => this.due.delete(key);
  }

  /** Moves on, running what falls due on the way, in order. */
  advance(milliseconds: number): void {
    const end = this.instant + milliseconds;
    for (;;) {
      const next = [...this.due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined) break;
      const [key, { at, run }] = next;
      this.due.delete(key);
      this.instant = at;
      run();
    }
    this.instant = end;
  }
}

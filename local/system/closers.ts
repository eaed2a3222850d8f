/** What must be closed, the last opened first: each part may use those before it until it is closed. */
export class Closers {
  private readonly all: (() => Promise<unknown>)[] = [];
  private closing: Promise<void> | undefined;

  add(close: () => Promise<unknown>): void {
    this.all.push(close);
  }

  /** Closes everything once, and all of it: the first failure is thrown at the end. */
  close(): Promise<void> {
    this.closing ??= this.run();
    return this.closing;
  }

  private async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.all.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

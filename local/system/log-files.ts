import { createWriteStream, existsSync, mkdirSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** The logs of one run, a file each. The run before keeps its own as `<name>.log.1`. */
export class LogFiles {
  private readonly streams = new Map<string, WriteStream>();
  private readonly listeners = new Set<(name: string, line: string) => void>();
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  path(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  write(name: string, line: string): void {
    this.stream(name).write(`${line}\n`);
    for (const listener of this.listeners) listener(name, line);
  }

  /** Tells of every line from now on; returns the way to stop. */
  follow(listener: (name: string, line: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private stream(name: string): WriteStream {
    const known = this.streams.get(name);
    if (known !== undefined) return known;
    const path = this.path(name);
    if (existsSync(path)) renameSync(path, `${path}.1`);
    const made = createWriteStream(path, { mode: 0o600 });
    this.streams.set(name, made);
    return made;
  }

  async close(): Promise<void> {
    await Promise.all([...this.streams.values()].map((stream) => new Promise<void>((done) => stream.end(done))));
  }
}

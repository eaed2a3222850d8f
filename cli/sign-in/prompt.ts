import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Asks on standard error, so that standard output carries nothing but the answer of the command. */
export const createPrompt = () => {
  let hidden = false;
  const screen = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!hidden) process.stderr.write(chunk);
      done();
    },
  });
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: screen, terminal });
  // A terminal that is read key by key hands Ctrl-C over as a key.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const next = lines[Symbol.asyncIterator]();
  return {
    /** One line as it was typed; `hidden` shows nothing of it. Throws at the end of the input. */
    async ask(question: string, options: { readonly hidden?: boolean } = {}): Promise<string> {
      process.stderr.write(question);
      hidden = options.hidden ?? false;
      const { value, done } = await next.next();
      if (hidden && terminal) process.stderr.write('\n');
      hidden = false;
      if (done) throw new Error('nothing was typed');
      return value;
    },
    close: (): void => lines.close(),
  };
};

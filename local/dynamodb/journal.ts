import db from 'dynalite/db/index.js';

/** One key's new text; no text removes the key. */
export type JournalEntry = { readonly key: string; readonly text: string | undefined };

/** Where state outlives the process. */
export type Journal = {
  /** Everything kept, in no promised order. */
  entries(): AsyncIterable<readonly [key: string, text: string]>;
  /** All entries of a call or none; calls take effect in the order they were made. Resolves once the kernel has them. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  close(): Promise<void>;
};

export const memoryJournal: Journal = {
  entries: async function* () {},
  append: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

type Waiting = { readonly entries: JournalEntry[]; readonly done: Promise<void> };

/**
 * A LevelDB directory. A batch is atomic and survives the death of the process (LevelDB's log is written, not synced:
 * a power cut may lose the last moments). One batch is under way at a time, and what comes meanwhile forms the next.
 * @throws when the directory cannot be used, for example because another process has it open.
 */
export const openJournal = async (path: string): Promise<Journal> => {
  const { db: file } = db.create({ path });
  await file.open().catch((error: unknown) => {
    throw new Error(`Cannot open the DynamoDB stand-in's directory ${path}: ${reasonOf(error)}`, { cause: error });
  });
  let current: Promise<void> = Promise.resolve();
  let waiting: Waiting | undefined;

  const write = (entries: readonly JournalEntry[]): Promise<void> =>
    file.batch(
      entries.map(({ key, text }) =>
        text === undefined ? { type: 'del', key } : { type: 'put', key, value: text, valueEncoding: 'utf8' },
      ),
    );

  return {
    entries: () => file.iterator({ valueEncoding: 'utf8' }),
    append: (entries) => {
      if (waiting === undefined) {
        const gathered: JournalEntry[] = [];
        // A failed batch fails every later one: memory is ahead of the disk, and no answer may claim otherwise.
        const done = current.then(() => {
          waiting = undefined;
          return write(gathered);
        });
        waiting = { entries: gathered, done };
        current = done;
      }
      waiting.entries.push(...entries);
      return waiting.done;
    },
    close: async () => {
      await current.catch(() => undefined);
      await file.close();
    },
  };
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

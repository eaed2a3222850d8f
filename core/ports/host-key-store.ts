import type { PinSet } from './pins.ts';

/** A host key, or a key that signs links or anchors, as its secret holds it: PKCS #8 text, and the `<type> <base-64>` line that others pin. */
export type HostKeyPair = { readonly type: string; readonly private: string; readonly public: string };

/**
 * The host keys of one kind of process, or a key that signs, and how far their rotation is. One value, so that what is served and where the
 * rotation stands change in the same write. At rest there is neither `next` nor `former`; there are never both.
 */
export type HostKeySet = {
  /** Served now, one of each type. */
  readonly keys: readonly HostKeyPair[];
  /** Served since; milliseconds of the epoch, 0 for not known. */
  readonly since: number;
  /** To be served next. Without `announcedAt` it is not certain yet that anybody is told of them. */
  readonly next?: { readonly keys: readonly HostKeyPair[]; readonly announcedAt?: number };
  /** Public lines of the keys served before, which are still believed. */
  readonly former?: readonly string[];
};

/** One secret with such keys. */
export type HostKeyStore = {
  /** `undefined` for a secret that was never filled. Throws `internal` for one that holds something else. */
  read(): Promise<HostKeySet | undefined>;
  write(keys: HostKeySet): Promise<void>;
};

/** The public halves, which devices pin. */
export type PinStore = {
  /** `undefined` for a secret that was never filled. Throws `internal` for one that holds something else. */
  read(): Promise<PinSet | undefined>;
  write(pins: PinSet): Promise<void>;
};

/** The anchor key as it is at one moment. */
export type AnchorSigner = {
  /** Public lines of the keys that sign after it; none until they are announced. */
  readonly next: readonly string[];
  sign(text: string): Promise<string>;
};

/** Throws `unavailable` while there is no key, or while it cannot be read for the first time. */
export type AnchorKeys = () => Promise<AnchorSigner>;

/** Which of the trusted keys signed a text; `unknown` for another one, `wrong` for what is no signature of this text. */
export type AnchorVerifier = (
  signed: { readonly text: string; readonly signature: string },
  trusted: readonly string[],
) => Promise<{ readonly by: string } | { readonly fault: 'unknown' | 'wrong' }>;

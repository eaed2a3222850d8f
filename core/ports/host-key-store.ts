/** A host key as its secret holds it: PKCS #8 text, and the `<type> <base-64>` line that others pin. */
export type HostKeyPair = { readonly type: string; readonly private: string; readonly public: string };

/** One secret with host keys. */
export type HostKeyStore = {
  /** `undefined` for a secret that was never filled. */
  read(): Promise<readonly HostKeyPair[] | undefined>;
  write(keys: readonly HostKeyPair[]): Promise<void>;
};

/** The public halves, which devices pin. */
export type PinStore = {
  read(): Promise<readonly string[] | undefined>;
  write(pins: readonly string[]): Promise<void>;
};

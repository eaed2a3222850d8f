/** A secret that may change while a process runs. */
export type SecretSource<Value> = {
  /** `version` differs when the value does. `open` throws `internal` for what is not of the expected form. */
  read(): Promise<{ readonly version: string; readonly open: () => Value }>;
};

/** Copies of audit records that nobody can change or remove before their time. */
export type AuditVault = {
  /** Keeps a text under a new name. One that stands there already, from a try whose answer got lost, is as good. */
  put(name: string, text: string): Promise<void>;
};

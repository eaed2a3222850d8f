/** A public key that is known to be well formed and strong enough. */
export type SshKey = {
  readonly type: string;
  /** `<type> <base-64>`, without comment. */
  readonly line: string;
  /** `SHA256:` and unpadded base-64, as ssh-keygen prints it. */
  readonly fingerprint: string;
};
/** `why` is for people, and harmless. */
export type SshKeyAnswer = { readonly ok: true; readonly key: SshKey } | { readonly ok: false; readonly why: string };

export type SshKeys = {
  /** Reads `<type> <base-64> [comment]`. */
  parse(line: string): SshKeyAnswer;
  /** Whose key made this armored signature of `ssh-keygen -Y sign` over exactly this message. */
  signerOf(armored: string, message: string, namespace: string): SshKeyAnswer;
};

/** Who asks for access, as a token or role proved it for this request. */
export type Operator = {
  readonly id: string;
  readonly groups: readonly string[];
};

/** A sign-in: what the last token said, and when it was issued. */
export type SignIn = Operator & { readonly at: number };

/** A key registered for `ssh -J`. It belongs to one operator. */
export type OperatorKey = {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly operator: string;
  /** The operator's own word for it, made harmless. */
  readonly name: string;
  readonly addedAt: number;
};

/** A registered key works this long after its operator's last sign-in, unless the deployment says otherwise. */
export const signInMilliseconds = 12 * 3_600_000;

export const isSignedIn = (
  signIn: SignIn | undefined,
  now: number,
  milliseconds: number = signInMilliseconds,
): signIn is SignIn => signIn !== undefined && now - signIn.at < milliseconds;

/** Principals that grants may name for this operator. */
export const principalsOf = (operator: Operator): readonly string[] => [
  `operator:${operator.id}`,
  ...operator.groups.map((group) => `group:${group}`),
];
/** A token with more groups is refused rather than cut, for a cut could hide the one that matters. */
export const maxGroups = 50;

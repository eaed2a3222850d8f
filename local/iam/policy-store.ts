import { parseIotPolicy } from './iot-policy.ts';
import { type PolicyOwner, parsePolicy } from './parse-policy.ts';
import type { PolicyDocument } from './policy-document.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy, PolicyKind } from './statement.ts';

/** All policies in force, by owner: a role's logical id, the ARN of a resource, the name of an IoT policy. */
export class PolicyStore {
  private readonly owners = new Map<string, { kind: PolicyKind; policies: readonly Policy[] }>();

  /**
   * Registers the policies of one owner.
   *
   * @throws PolicyError if one of them cannot be enforced exactly as written.
   * @throws Error if the owner is registered already.
   */
  register(owner: string, kind: PolicyKind, documents: readonly unknown[]): void {
    if (this.owners.has(owner)) throw new Error(`policies of ${owner} are registered already`);
    this.owners.set(owner, { kind, policies: parseAll(owner, kind, documents) });
  }

  /**
   * Adds one policy to an owner's, who need not be registered before.
   *
   * @throws PolicyError if it cannot be enforced exactly as written
   */
  append(owner: string, kind: PolicyKind, document: unknown): void {
    const entry = this.owners.get(owner) ?? { kind, policies: [] };
    entry.policies = [...entry.policies, parse(document, { owner, kind: entry.kind, position: entry.policies.length })];
    this.owners.set(owner, entry);
  }

  /**
   * Puts other policies in force, at once and for every later call. Returns what undoes it: the former policies, with
   * their record of use.
   */
  replacePolicies(owner: string, documents: readonly unknown[]): () => void {
    const entry = this.owners.get(owner);
    if (!entry) throw new Error(`no policies of ${owner} are registered`);
    const former = entry.policies;
    entry.policies = parseAll(owner, entry.kind, documents);
    return () => {
      entry.policies = former;
    };
  }

  /** The policies of an owner; undefined if none are registered. */
  policies(owner: string): readonly Policy[] | undefined {
    return this.owners.get(owner)?.policies;
  }

  /** The documents of an owner, as registered. */
  documents(owner: string): readonly PolicyDocument[] {
    return (this.policies(owner) ?? []).map((policy) => policy.document);
  }

  /** The policy in force that was registered with this very document. */
  policyOf(document: object): Policy | undefined {
    for (const policy of this.all()) if (policy.document === document) return policy;
    return undefined;
  }

  /** All owners whose policies are of that kind, in order of registration. */
  ownersOf(kind: PolicyKind): readonly string[] {
    return [...this.owners].filter(([, entry]) => entry.kind === kind).map(([owner]) => owner);
  }

  /** Every policy in force. */
  *all(): Iterable<Policy> {
    for (const entry of this.owners.values()) yield* entry.policies;
  }
}

/** Parses all documents and names the problems of all of them together. */
function parseAll(owner: string, kind: PolicyKind, documents: readonly unknown[]): readonly Policy[] {
  const problems: string[] = [];
  const policies = documents.flatMap((document, position) => {
    try {
      return [parse(document, { owner, kind, position })];
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new PolicyError(problems);
  return policies;
}

function parse(document: unknown, { owner, kind, position = 0 }: PolicyOwner): Policy {
  return kind === 'iot' ? parseIotPolicy(document, owner, position) : parsePolicy(document, { owner, kind, position });
}

/** A policy that this system cannot enforce exactly as written. It stops the start; every problem is named at once. */
export class PolicyError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`a policy cannot be enforced as written:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'PolicyError';
    this.problems = problems;
  }
}

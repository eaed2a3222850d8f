/** The synthesized templates cannot be run here. Every problem names the stack, the logical id and what to do. */
export class TemplateError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the templates cannot be run here:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'TemplateError';
    this.problems = problems;
  }
}

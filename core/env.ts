import * as z from 'zod';

/**
 * Reads all settings once, at the start: unknown names under our prefixes are refused, every problem is reported
 * together, secrets are never repeated. Nobody else reads the environment.
 */
export const readSettings = <Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
  options: { readonly prefixes: readonly string[] },
): z.output<Schema> => {
  const known = new Set(Object.keys(schema.shape));
  const given = Object.entries(environment).filter(([name, value]) => value !== undefined && known.has(name));
  const unknown = Object.keys(environment).filter(
    (name) => !known.has(name) && options.prefixes.some((prefix) => name.startsWith(prefix)),
  );
  const result = schema.safeParse(Object.fromEntries(given));
  const problems = [
    ...unknown.map((name) => `${name}: no such setting`),
    ...(result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)),
  ];
  if (!result.success || problems.length > 0) throw new SettingsError(problems);
  return result.data;
};

export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the settings are not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

export const portSetting = z.coerce.number().int().min(0).max(65_535);
/** `host:port` or `[v6]:port`. */
export const addressSetting = z.string().transform((text, context) => {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be host:port' });
    return z.NEVER;
  }
  return { host: match[1] ?? match[2] ?? '', port };
});

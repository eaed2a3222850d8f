import type { ConditionContext } from './condition-context.ts';
import { type Glob, globOf, literalGlob } from './wildcard.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback?: string };

/** A string of a policy: text with wildcards, and policy variables such as `${aws:PrincipalTag/team, 'none'}`. */
export interface PolicyString {
  readonly source: string;
  readonly parts: readonly Part[];
  /** Present when no variable occurs, so that matching costs no compilation. */
  readonly glob?: Glob;
}

const VARIABLE = /\$\{([^}]*)\}/g;
const WITH_FALLBACK = /^([^,]+?)\s*,\s*'([^']*)'$/;

/**
 * Reads a policy string. Only policies of version 2012-10-17 have variables; in the older language `${...}` is plain
 * text (IAM: "Policy variables were introduced in version 2012-10-17").
 */
export function parsePolicyString(source: string, variables: boolean): PolicyString {
  const parts: Part[] = [];
  let end = 0;
  for (const match of variables ? source.matchAll(VARIABLE) : []) {
    if (match.index > end) parts.push({ kind: 'text', text: source.slice(end, match.index) });
    parts.push(variablePart(match[1] ?? ''));
    end = match.index + match[0].length;
  }
  if (end < source.length || parts.length === 0) parts.push({ kind: 'text', text: source.slice(end) });
  const fixed = parts.every((part) => part.kind !== 'variable');
  return { source, parts, ...(fixed ? { glob: parts.flatMap((part) => partGlob(part, new Map()) ?? []) } : {}) };
}

/** The keys of the variables that occur. */
export function variablesOf(text: PolicyString): readonly string[] {
  return text.parts.flatMap((part) => (part.kind === 'variable' ? [part.key] : []));
}

/** The pattern with its variables replaced, or undefined when one cannot be: then the statement does not match. */
export function resolveGlob(text: PolicyString, context: ConditionContext): Glob | undefined {
  if (text.glob) return text.glob;
  const glob: number[] = [];
  for (const part of text.parts) {
    const piece = partGlob(part, context);
    if (!piece) return undefined;
    glob.push(...piece);
  }
  return glob;
}

/** The text with its variables replaced and every wildcard character standing for itself, or undefined as above. */
export function resolveText(text: PolicyString, context: ConditionContext): string | undefined {
  let result = '';
  for (const part of text.parts) {
    const piece = part.kind === 'variable' ? variableValue(part.key, part.fallback, context) : part.text;
    if (piece === undefined) return undefined;
    result += piece;
  }
  return result;
}

function variablePart(inside: string): Part {
  // `${*}`, `${?}` and `${$}` are the characters themselves.
  if (inside === '*' || inside === '?' || inside === '$') return { kind: 'exact', text: inside };
  const fallback = WITH_FALLBACK.exec(inside.trim());
  if (fallback) return { kind: 'variable', key: fallback[1] ?? '', fallback: fallback[2] ?? '' };
  return { kind: 'variable', key: inside.trim() };
}

function partGlob(part: Part, context: ConditionContext): Glob | undefined {
  if (part.kind === 'text') return globOf(part.text);
  const text = part.kind === 'exact' ? part.text : variableValue(part.key, part.fallback, context);
  return text === undefined ? undefined : literalGlob(text);
}

/** A key with several values cannot be a variable (IAM: "only single-valued keys"). */
function variableValue(key: string, fallback: string | undefined, context: ConditionContext): string | undefined {
  const value = context.get(key.toLowerCase());
  return typeof value === 'string' ? value : fallback;
}

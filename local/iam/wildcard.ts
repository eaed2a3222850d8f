/** `*` in a pattern: any run of characters, also none. */
const ANY = -1;
/** `?` in a pattern: exactly one character. */
const ONE = -2;

/**
 * A compiled pattern: character codes, with {@link ANY} and {@link ONE} outside the range of codes, so that no text
 * put in for a policy variable can ever turn into a wildcard.
 */
export type Glob = readonly number[];

/** Compiles policy text, where `*` and `?` are wildcards. */
export function globOf(text: string): Glob {
  return Array.from({ length: text.length }, (_, index) => codeOf(text.charAt(index)));
}

/** Compiles text that stands for itself: the value of a variable, or `${*}`. */
export function literalGlob(text: string): Glob {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** Whether the whole of `text` matches. Takes at most pattern x text steps, whatever the pattern: no backtracking tree. */
export function matchesGlob(glob: Glob, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let mark = 0;
  while (position < text.length) {
    const code = glob[at];
    if (code === ONE || code === text.charCodeAt(position)) {
      at++;
      position++;
    } else if (code === ANY) {
      star = at++;
      mark = position;
    } else if (star >= 0) {
      at = star + 1;
      position = ++mark;
    } else return false;
  }
  while (glob[at] === ANY) at++;
  return at === glob.length;
}

/**
 * Splits an ARN pattern into its six parts, the last of which keeps its colons. A pattern of fewer parts is returned
 * as it is: it then matches no ARN (the ARN operators compare part by part).
 */
export function splitArn(glob: Glob): readonly Glob[] {
  const parts: number[][] = [[]];
  for (const code of glob) {
    if (code === COLON && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(code);
  }
  return parts;
}

const COLON = 58;

function codeOf(character: string): number {
  if (character === '*') return ANY;
  return character === '?' ? ONE : character.charCodeAt(0);
}

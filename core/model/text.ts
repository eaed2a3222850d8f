/**
 * Makes what a device or client says harmless for logs, terminals, SSH messages and pages: one line, bounded, without
 * control characters (C0, C1, ESC), bidirectional marks, zero-width characters, or markup. What was there shows as `\u{...}`.
 */
export const harmless = (text: unknown, maxLength = 200): string => shown(text, maxLength, '<>&"`\\');

/** The same as a last door before a log, where most texts come harmless already: what was shown stays as it was shown. */
export const stillHarmless = (text: unknown, maxLength = 200): string => shown(text, maxLength, '<>');

const shown = (text: unknown, maxLength: number, markup: string): string => {
  let out = '';
  for (const character of String(text).slice(0, maxLength * 2)) {
    const piece =
      isPlain(character) && !markup.includes(character)
        ? character
        : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    if (out.length + piece.length > maxLength) return `${out.slice(0, maxLength - 3)}...`;
    out += piece;
  }
  return out;
};

const isPlain = (character: string): boolean => /^[\p{L}\p{N}\p{P}\p{Sc}\p{Sm}\p{Sk} ]$/u.test(character);

/** The same for places that print bytes as they come, such as an SSH message in an old terminal: ASCII only. */
export const harmlessAscii = (text: unknown, maxLength = 200): string =>
  harmless(text, maxLength)
    .replace(/[^\x20-\x7e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .slice(0, maxLength);

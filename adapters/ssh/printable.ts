/**
 * One line of printable ASCII, at most `maximum` characters. What peers say (names, versions, reasons) goes through here
 * before it reaches a log or a terminal: control characters, bidirectional marks and all else that is not ASCII come out
 * as <U+...>. Without backslashes: OpenSSH doubles those.
 */
export const printable = (text: string, maximum = 200): string => {
  let line = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const plain = code >= 0x20 && code < 0x7f;
    const shown = plain ? character : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
    if (line.length + shown.length > maximum) return `${line.slice(0, maximum - 3)}...`;
    line += shown;
  }
  return line;
};

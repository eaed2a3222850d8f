import { harmless, harmlessAscii, stillHarmless } from '../../../core/model/text.ts';

const evil = '\u001b[2J\r\n\u0085\u202e\u2066\u200b<script>alert("1")</script>';

test.each([
  ['plain text of any language', 'Pumpe läuft, 泵 ok: 3 €/h (50%)', 'Pumpe läuft, 泵 ok: 3 €/h (50%)'],
  ['control characters', 'a\u001b[31m\r\n\u009bz', 'a\\u{1b}[31m\\u{d}\\u{a}\\u{9b}z'],
  ['marks that turn or hide text', '\u202eabc\u2066\u200b', '\\u{202e}abc\\u{2066}\\u{200b}'],
  ['markup', '<b a="1">&', '\\u{3c}b a=\\u{22}1\\u{22}\\u{3e}\\u{26}'],
  ['what looks like our own marks', '\\u{1b}', '\\u{5c}u{1b}'],
])('%s', (_name, text, shown) => {
  expect(harmless(text)).toBe(shown);
});

test('it is bounded, and no mark is cut in two', () => {
  const text = harmless('\u001b'.repeat(1_000), 50);
  expect(text.length).toBeLessThanOrEqual(50);
  expect(text).toMatch(/^(\\u\{1b\})+.{0,8}\.\.\.$/);
});

test('in ASCII for places that print bytes', () => {
  expect(harmlessAscii('läuft')).toBe('l\\u{e4}uft');
});

test('the last door leaves what came harmless as it is, and lets nothing else pass', () => {
  expect(stillHarmless(harmless(evil), 400)).toBe(harmless(evil));
  expect(stillHarmless(evil)).not.toMatch(/[\p{Cc}\p{Cf}<>]/u);
});

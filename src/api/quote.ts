/** Characters of a value that a message repeats; longer ones are cut, so that a message stays readable. */
const quotedCharactersMax = 80;

/**
 * A value as a message shows it: in quotes, control characters escaped, cut after 80 characters. For texts from outside, so
 * that nothing they contain can forge a line of a log or act on a terminal.
 */
export function quote(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? value : String(value);
  const cut = text.length > quotedCharactersMax ? `${text.slice(0, quotedCharactersMax)}…` : text;
  return typeof value === 'string' ? escapeInvisible(JSON.stringify(cut)) : cut;
}

/** JSON escapes U+0000 to U+001F only; DEL, C1 controls, line separators and direction marks remain. */
function escapeInvisible(text: string): string {
  return text.replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

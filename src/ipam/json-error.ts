/** Blanks and one token: punctuation, a string, or a number or word (RFC 8259, sections 2 to 7). */
const tokenPattern =
  // oxlint-disable-next-line no-control-regex -- strings may not hold them
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
const blanks = /[ \t\n\r]*/y;

/** What may come next: a value, the first of a list, a key, the first of an object, its colon, or what goes behind a value. */
type Expected = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'next';

/** One step of reading: `closer` is what ends the innermost list or object. Undefined when the token may not stand here. */
function step(expected: Expected, token: string, isString: boolean, closers: string[]): Expected | undefined {
  const closer = closers.at(-1);
  if (token === ']' || token === '}') {
    const isFirst = expected === (token === ']' ? 'first-value' : 'first-key');
    if (closer !== token || !(isFirst || expected === 'next')) return undefined;
    closers.pop();
    return 'next';
  }
  if (expected === 'next') {
    if (token !== ',' || closer === undefined) return undefined;
    return closer === ']' ? 'value' : 'key';
  }
  if (expected === 'colon') return token === ':' ? 'value' : undefined;
  if (expected === 'key' || expected === 'first-key') return isString ? 'colon' : undefined;
  if (token === '[' || token === '{') {
    closers.push(token === '[' ? ']' : '}');
    return token === '[' ? 'first-value' : 'first-key';
  }
  return token === ',' || token === ':' ? undefined : 'next';
}

/**
 * Where a text stops to be JSON: the offset of the first token that can't stand there, the length of the text when it ends too
 * early, undefined for JSON. Engines tell this in their messages only, each in its own words.
 */
export function jsonErrorOffset(text: string): number | undefined {
  const closers: string[] = [];
  let expected: Expected = 'value';
  for (let at = 0; ; ) {
    blanks.lastIndex = at;
    const start = at + (blanks.exec(text)?.[0].length ?? 0);
    if (start === text.length) return expected === 'next' && closers.length === 0 ? undefined : start;
    tokenPattern.lastIndex = start;
    const token = tokenPattern.exec(text)?.[0];
    if (token === undefined) return start;
    const next = step(expected, token, token.startsWith('"'), closers);
    if (next === undefined) return start;
    expected = next;
    at = start + token.length;
  }
}

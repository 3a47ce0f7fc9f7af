/** One step of a compiled pattern: any run, one character that passes a test. */
type Token = 'star' | ((character: string) => boolean);

/** A compiled pattern: tells whether a whole name matches. */
export type GlobMatcher = (name: string) => boolean;

/** True when an entry of a pool list is a pattern and not a name: it holds `*`, `?`, or both `[` and `]`. */
export function isGlob(entry: string): boolean {
  return entry.includes('*') || entry.includes('?') || (entry.includes('[') && entry.includes(']'));
}

/**
 * Compiles a shell pattern with the meaning of Go's path.Match: `*` and `?` do not cross `/`, classes `[a-z]` and
 * `[^a-z]`, `\` escapes. Undefined when the pattern is malformed. Matching takes at most pattern × name steps,
 * whatever the pattern.
 */
export function compileGlob(pattern: string): GlobMatcher | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; ) {
    const character = pattern[at] as string;
    if (character === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
      at += 1;
    } else if (character === '?') {
      tokens.push((c) => c !== '/');
      at += 1;
    } else if (character === '[') {
      const parsed = parseClass(pattern, at + 1);
      if (parsed === undefined) return undefined;
      tokens.push(parsed.test);
      at = parsed.end;
    } else {
      const literal = readLiteral(pattern, at);
      if (literal === undefined) return undefined;
      tokens.push((c) => c === literal.character);
      at = literal.end;
    }
  }
  return (name) => matches(tokens, name);
}

interface Literal {
  readonly character: string;
  readonly end: number;
}

function readLiteral(pattern: string, at: number): Literal | undefined {
  const character = pattern[at];
  if (character !== '\\') return character === undefined ? undefined : { character, end: at + 1 };
  const escaped = pattern[at + 1];
  return escaped === undefined ? undefined : { character: escaped, end: at + 2 };
}

/** Reads a class from behind its `[`; undefined when it is not closed, is empty or has a bare `-` or `]` at an end of a range. */
function parseClass(
  pattern: string,
  start: number,
): { test: (c: string) => boolean; end: number } | undefined {
  const negated = pattern[start] === '^';
  const spans: { low: string; high: string }[] = [];
  let at = negated ? start + 1 : start;
  while (pattern[at] !== ']' || spans.length === 0) {
    const low = readClassEnd(pattern, at);
    if (low === undefined) return undefined;
    at = low.end;
    let high = low;
    if (pattern[at] === '-') {
      const parsed = readClassEnd(pattern, at + 1);
      if (parsed === undefined) return undefined;
      high = parsed;
      at = high.end;
    }
    spans.push({ low: low.character, high: high.character });
  }
  const test = (c: string): boolean => spans.some(({ low, high }) => low <= c && c <= high) !== negated;
  return { test, end: at + 1 };
}

function readClassEnd(pattern: string, at: number): Literal | undefined {
  if (pattern[at] === '-' || pattern[at] === ']') return undefined;
  return readLiteral(pattern, at);
}

function matches(tokens: readonly Token[], name: string): boolean {
  let token = 0;
  let at = 0;
  // Where to go on when the characters behind the last star turn out not to fit: one more character is the star's.
  let retryToken = -1;
  let retryAt = 0;
  while (at < name.length || token < tokens.length) {
    const step = tokens[token];
    const character = name[at];
    if (step === 'star') {
      retryToken = token;
      retryAt = at + 1;
      token += 1;
    } else if (step !== undefined && character !== undefined && step(character)) {
      token += 1;
      at += 1;
    } else if (retryToken >= 0 && retryAt <= name.length && name[retryAt - 1] !== '/') {
      token = retryToken;
      at = retryAt;
    } else {
      return false;
    }
  }
  return true;
}

/** What an engine with source text access (ECMA-262, JSON.parse source text access) hands to a reviver. */
interface ReviverContext {
  /** The text of a primitive value; absent for objects and lists. */
  readonly source?: string;
}

/** The part of `JSON` that TypeScript's ES2024 library does not describe yet. */
interface SourceTextJson {
  parse(text: string, reviver: (key: string, value: unknown, context: ReviverContext) => unknown): unknown;
  rawJSON(text: string): unknown;
}

// The library's type has a reviver with two parameters; engines pass three.
const sourceTextJson = JSON as unknown as SourceTextJson;

const integerText = /^-?\d+$/;
/** 2^53 has sixteen digits: a text without such a run has no integer that a number can't hold. */
const longDigits = /\d{16}/;

/**
 * Like `JSON.parse`, but an integer outside of ±(2^53 - 1) becomes a bigint instead of losing digits. Integers with a
 * fraction or an exponent stay numbers.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactJson(text: string): unknown {
  // The reviver makes reading several times slower, and hardly any document needs it.
  if (!longDigits.test(text)) return JSON.parse(text);
  return sourceTextJson.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return source !== undefined && integerText.test(source) ? BigInt(source) : value;
  });
}

/**
 * Like `JSON.stringify`, but a bigint is written as a JSON integer with all of its digits.
 *
 * @throws TypeError when the value is nothing that JSON can express (`undefined`, a function, a cycle)
 */
export function stringifyExactJson(value: unknown, options: { readonly indent?: number } = {}): string {
  const text: string | undefined = JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === 'bigint' ? sourceTextJson.rawJSON(String(item)) : item),
    options.indent,
  );
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}

/**
 * Reads the ranges of a default pool as charts and people write them: a JSON list of texts, or texts with commas or spaces between them.
 *
 * @returns undefined when it begins like a JSON list and is none of texts
 */
export function parseRangeList(text: string): readonly string[] | undefined {
  if (!text.trimStart().startsWith('[')) return text.split(/[\s,]+/).filter((part) => part !== '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((entry) => typeof entry === 'string');
  if (texts.length !== value.length) return undefined;
  return texts.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

/** Texts longer than this are nobody's misspelling of a field's name; it bounds the work. */
const comparedLengthMax = 64;

/**
 * The candidate that somebody who wrote `text` most probably meant: the nearest by edits (insert, delete, replace), at most
 * one for short words and two for long ones, letter case aside. Undefined when none is near.
 */
export function nearMiss(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > comparedLengthMax) return undefined;
  let best: string | undefined;
  let bestDistance = text.length < 5 ? 2 : 3;
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

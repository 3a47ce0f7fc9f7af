import type { Labels } from '../../ipam/facts.ts';

/** Characters of an object's labels, keys and values together: a thousand long ones. Their number has no limit but etcd's. */
const labelCharactersMax = 128 * 1024;

/** Characters of one annotation: more than any that can be right, so that a longer one is refused for its length all the same. */
const annotationCharactersMax = 32 * 1024;

/**
 * The labels of an object as they are kept in memory: whole, or not known when they are so many that their owner can only
 * mean harm. Leaving out some would let selectors match that must not.
 */
export function boundedLabels(labels: Labels): Labels | undefined {
  let characters = 0;
  for (const [key, value] of Object.entries(labels)) characters += key.length + value.length;
  return characters > labelCharactersMax ? undefined : labels;
}

/** Of an object's annotations those that decisions read. */
export function pickAnnotations(annotations: Labels, keys: readonly string[]): Labels {
  const picked: Record<string, string> = {};
  for (const key of keys) {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (value !== undefined) picked[key] = cut(value);
  }
  return picked;
}

/** By way of bytes: a slice would keep the whole text in memory. */
function cut(value: string): string {
  if (value.length <= annotationCharactersMax) return value;
  return Buffer.from(value.slice(0, annotationCharactersMax + 1)).toString();
}

/**
 * Whether two trees of plain objects, lists and primitives hold the same data. A key whose value is undefined counts as
 * missing, and the order of keys does not matter.
 */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalLists(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = new Map<string, unknown>(definedEntries(a));
  const right = definedEntries(b);
  return (
    left.size === right.length &&
    right.every(([key, value]) => left.has(key) && structurallyEqual(left.get(key), value))
  );
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => structurallyEqual(item, b[index]));
}

function definedEntries(object: object): [string, unknown][] {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}

/**
 * @param imports what each module imports, as paths from the repository's root
 * @returns whether one of `files` is `target` or imports it, by however many modules in between
 */
export function reaches(
  files: readonly string[],
  target: string,
  imports: ReadonlyMap<string, readonly string[]>,
): boolean {
  const seen = new Set(files);
  for (const file of seen) {
    if (file === target) return true;
    // A set goes on to what is added while it is walked through.
    for (const imported of imports.get(file) ?? []) seen.add(imported);
  }
  return false;
}

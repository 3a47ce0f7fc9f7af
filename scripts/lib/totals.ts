import { appendFileSync } from 'node:fs';

/** How many tests ended how. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One part of a run, as it stands in the file that collects them. */
export interface TotalsPart extends Totals {
  readonly part: string;
}

/** Names the file to which each part of a run adds a line, so that somebody can print the sums of all at the end. */
const fileVariable = 'SPIDERPOOL_TOTALS_FILE';

export function sumTotals(parts: readonly Totals[]): Totals {
  const sum = (key: keyof Totals): number => parts.reduce((total, part) => total + part[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** Plain lines in the form of node:test's TAP summary, which CI systems read, and a last one for people. */
export function totalsText({ passed, failed, skipped }: Totals): string {
  const tests = passed + failed + skipped;
  return `# tests ${tests}\n# pass ${passed}\n# fail ${failed}\n# skipped ${skipped}\n${passed} passed, ${failed} failed`;
}

/** Adds a part to the file that collects them, when there is one. */
export function reportTotals(part: string, totals: Totals, env: NodeJS.ProcessEnv = process.env): void {
  const file = env[fileVariable];
  if (file) appendFileSync(file, `${JSON.stringify({ part, ...totals })}\n`);
}

/**
 * @param text content of the file
 * @param expected parts that have to be there: one that ended before it could tell has failed
 * @throws SyntaxError when it is something else
 */
export function collectTotals(text: string, expected: readonly string[]): Totals {
  const lines = text.split('\n').filter(Boolean);
  const parts = lines.map((line) => JSON.parse(line) as TotalsPart);
  const missing = expected.filter((name) => !parts.some(({ part }) => part === name));
  return sumTotals([...parts, ...missing.map(() => ({ passed: 0, failed: 1, skipped: 0 }))]);
}

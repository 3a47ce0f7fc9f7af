import type { Spread } from './statistics.ts';

/** A table of texts; the first column names the rows. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Three digits are more than these measurements can tell apart; large numbers are grouped. */
export function formatNumber(value: number): string {
  const digits = [100, 10].filter((limit) => Math.abs(value) < limit).length;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `median (min–max)` */
export function formatSpread({ median, min, max }: Spread): string {
  return `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

/** A Markdown table that reads as well in a terminal: columns are aligned, numbers to the right. */
export function formatTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows].map((row) => columns.map((_, at) => row[at] ?? ''));
  const widths = columns.map((_, at) => Math.max(3, ...lines.map((line) => line[at]?.length ?? 0)));
  const print = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join(' | ')} |`;
  const [head = [], ...body] = lines;
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [print(head), print(rule), ...body.map(print)].join('\n');
}

function pad(cell: string, width: number, at: number): string {
  return at === 0 ? cell.padEnd(width) : cell.padStart(width);
}

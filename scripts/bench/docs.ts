import { formatTable, type Table } from './format.ts';
import { machineTable } from './machine.ts';
import { sectionIds } from './options.ts';
import { type Report, sectionText, targetsTable } from './report.ts';

/** The page's text lacks a marker pair; the message says which. */
export class DocsMarkerError extends Error {
  override readonly name = 'DocsMarkerError';
  readonly code = 'SP_BENCH_DOCS';
}

/**
 * What goes between the markers of the page, by the markers' names. Of a run of some sections only their tables, and their rows among the
 * targets that stand in the page: the machine that is described is that of the last whole run.
 */
export function docsParts(report: Report, page: string): ReadonlyMap<string, string> {
  const { machine, sections } = report;
  const isWhole = sectionIds.every((id) => sections.some((section) => section.id === id));
  const targets = targetsTable(sections);
  return new Map([
    ...(isWhole ? ([['machine', formatTable(machineTable(machine))]] as const) : []),
    ['targets', formatTable(isWhole ? targets : withRows(targets, rowsOf(page, 'targets')))],
    ...sections.map((section): [string, string] => [section.id, sectionText(section)]),
  ]);
}

/** The rows of before, each in its place, those that were measured anew in place of the former ones, and further ones at the end. */
function withRows(table: Table, before: readonly (readonly string[])[]): Table {
  const measured = new Map(table.rows.map((row) => [row[0], row]));
  const kept = before.map((row) => measured.get(row[0]) ?? row);
  const names = new Set(kept.map(([name]) => name));
  return { ...table, rows: [...kept, ...table.rows.filter(([name]) => !names.has(name))] };
}

/** The rows of a table in the page, without its head. */
function rowsOf(page: string, name: string): readonly (readonly string[])[] {
  const [, part = ''] = page.split(`<!-- bench:${name} -->`);
  const [text = ''] = part.split(`<!-- /bench:${name} -->`);
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/**
 * Puts the parts between their markers `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; what people wrote around them stays.
 * @throws DocsMarkerError when a part has no place
 */
export function replaceParts(text: string, parts: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [name, part] of parts) {
    const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const start = result.indexOf(open);
    const end = result.indexOf(close);
    if (start < 0 || end < start) throw new DocsMarkerError(`the page needs ${open} and after it ${close}`);
    result = `${result.slice(0, start + open.length)}\n${part}\n${result.slice(end)}`;
  }
  return result;
}

import { formatTable } from './format.ts';
import { machineTable } from './machine.ts';
import { type Report, sectionText, targetsTable } from './report.ts';

/** The page's text lacks a marker pair; the message says which. */
export class DocsMarkerError extends Error {
  override readonly name = 'DocsMarkerError';
  readonly code = 'SP_BENCH_DOCS';
}

/** What goes between the markers of the page, by the markers' names. */
export function docsParts(report: Report): ReadonlyMap<string, string> {
  return new Map([
    ['machine', formatTable(machineTable(report.machine))],
    ['targets', formatTable(targetsTable(report.sections))],
    ...report.sections.map((section): [string, string] => [section.id, sectionText(section)]),
  ]);
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

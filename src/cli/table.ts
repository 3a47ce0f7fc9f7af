import { sanitizeText } from '../cni/sanitize-text.ts';

/** Looks that a cell can have; the words are those of `util.styleText`. */
export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** Gives a text a style, or leaves it as it is where nobody would see it. */
export type Paint = (style: Style, text: string) => string;

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
  /**
   * What happens when the table is wider than the terminal: `keep` leaves the column as it is, `cut` replaces the middle
   * of its texts by an ellipsis, `wrap` continues them on further lines.
   * @default 'keep'
   */
  readonly fit?: 'keep' | 'cut' | 'wrap';
}

/** A text from anywhere: control characters are escaped when it is printed. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** How a table is fitted to where it is shown. */
export interface TableOptions {
  /** Columns of the terminal; undefined never cuts or wraps, as for a file or a pipe. */
  readonly widthMax?: number | undefined;
  /** @default no styles */
  readonly paint?: Paint;
  /** @default true */
  readonly header?: boolean;
}

/** How a text for a person is fitted to where it is shown; without options it has no styles and lines of any length. */
export type TextOptions = Pick<TableOptions, 'widthMax' | 'paint'>;

/** Leaves every text without a style. */
export const plainPaint: Paint = (_style, text) => text;

/** Blanks between two columns. */
const gap = 2;

/** A column that gives way keeps at least this width, or its title's: fewer characters tell nothing. */
const flexibleWidthMin = 12;

/**
 * Prints aligned columns, a line a row, without trailing blanks. A code point counts as one place: names in Kubernetes are
 * ASCII. Cells beyond the columns are left out, missing ones are empty.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string {
  const { widthMax, paint = plainPaint, header = true } = options;
  const titles = columns.map(({ title }): Cell => ({ text: title, style: 'bold' }));
  const all = header ? [titles, ...rows] : rows;
  const cells = all.map((row) => columns.map((_, index) => toCleanCell(row[index] ?? '')));
  const widths = fitWidths(columns, naturalWidths(columns, cells), widthMax);
  return cells.map((row) => formatRow(columns, widths, row, paint)).join('');
}

interface CleanCell {
  readonly text: string;
  readonly style: Style | undefined;
}

function toCleanCell(cell: Cell): CleanCell {
  if (typeof cell === 'string') return { text: sanitizeText(cell), style: undefined };
  return { text: sanitizeText(cell.text), style: cell.style };
}

/** Places that a text takes. */
function widthOf(text: string): number {
  let width = 0;
  for (const _ of text) width += 1;
  return width;
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly CleanCell[])[]): number[] {
  const widths = columns.map(() => 0);
  for (const row of rows) {
    for (const [index, { text }] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
    }
  }
  return widths;
}

/** Takes places from the widest column that may give way, until the table fits or none has any left. */
function fitWidths(
  columns: readonly Column[],
  widths: readonly number[],
  widthMax: number | undefined,
): number[] {
  const fitted = [...widths];
  if (widthMax === undefined) return fitted;
  let excess = widths.reduce((sum, width) => sum + width + gap, -gap) - widthMax;
  for (; excess > 0; excess -= 1) {
    let widest: number | undefined;
    for (const [index, width] of fitted.entries()) {
      if (width <= narrowest(columns[index])) continue;
      if (widest === undefined || width > (fitted[widest] ?? 0)) widest = index;
    }
    if (widest === undefined) break;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
  }
  return fitted;
}

function narrowest(column: Column | undefined): number {
  if (column === undefined || (column.fit ?? 'keep') === 'keep') return Number.POSITIVE_INFINITY;
  return Math.max(flexibleWidthMin, widthOf(column.title));
}

function formatRow(
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly CleanCell[],
  paint: Paint,
): string {
  const lines = row.map(({ text }, index) =>
    cellLines(text, columns[index]?.fit ?? 'keep', widths[index] ?? 0),
  );
  const height = lines.reduce((max, { length }) => Math.max(max, length), 1);
  let out = '';
  for (let line = 0; line < height; line += 1) {
    let printed = '';
    // Blanks are held back until something follows them: no line ends in blanks, styled or not.
    let blanks = 0;
    for (const [index, { style }] of row.entries()) {
      const text = lines[index]?.[line] ?? '';
      const padding = (widths[index] ?? 0) - widthOf(text);
      const before = columns[index]?.align === 'right' ? padding : 0;
      if (text !== '') {
        printed += ' '.repeat(blanks + before) + (style === undefined ? text : paint(style, text));
        blanks = 0;
      } else {
        blanks += before;
      }
      blanks += padding - before + gap;
    }
    out += `${printed}\n`;
  }
  return out;
}

function cellLines(text: string, fit: 'keep' | 'cut' | 'wrap', width: number): readonly string[] {
  if (fit === 'keep' || widthOf(text) <= width) return [text];
  return fit === 'cut' ? [cutMiddle(text, width)] : wrapText(text, width);
}

/** `default/web-…-x2kqj`: names that differ, differ mostly at their ends. */
function cutMiddle(text: string, width: number): string {
  const characters = Array.from(text);
  const tail = Math.floor((width - 1) / 2);
  return `${characters.slice(0, width - 1 - tail).join('')}…${characters.slice(characters.length - tail).join('')}`;
}

/** Breaks at blanks, and inside of words that are longer than a line. Texts of `width` places at most. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const characters = Array.from(word);
    while (characters.length > width) lines.push(characters.splice(0, width).join(''));
    line = characters.join('');
  }
  lines.push(line);
  return lines;
}

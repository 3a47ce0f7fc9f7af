import { sanitizeText } from '../cni/sanitize-text.ts';
import type { ExplainNicShape, ExplainShape } from '../wire/shapes.ts';
import { errorText } from './error-text.ts';
import {
  type Cell,
  type Column,
  formatTable,
  type Paint,
  plainPaint,
  type TextOptions,
  wrapText,
} from './table.ts';

const columns: readonly Column[] = [
  { title: '  TRY', align: 'right' },
  { title: 'POOL' },
  { title: 'RESULT' },
  { title: 'REASON', fit: 'wrap' },
];

/** An explained ADD for a person: a section for each NIC and family, and at the end why it would fail. */
export function explainText({ nics, error }: ExplainShape, options: TextOptions = {}): string {
  const { widthMax, paint = plainPaint } = options;
  const sections = nics.map((nic) => nicSection(nic, { widthMax, paint }));
  if (error !== undefined) {
    const text = sanitizeText(`the ADD would fail with code ${error.code}: ${errorText(error)}`);
    const lines = widthMax === undefined ? [text] : wrapText(text, widthMax);
    sections.push(lines.map((line) => `${paint('red', line)}\n`).join(''));
  }
  return sections.join('\n');
}

function nicSection(nic: ExplainNicShape, options: TextOptions & { readonly paint: Paint }): string {
  const title = sanitizeText(`${nic.nic} IPv${nic.family}, pools of ${nic.sourceTitle}`);
  const rows = candidateRows(nic);
  const table = rows.length === 0 ? '  no pools\n' : formatTable(columns, rows, options);
  return `${options.paint('bold', title)}\n${table}${outcomeLine(nic, options.paint)}`;
}

function candidateRows({ candidates, pool }: ExplainNicShape): readonly (readonly Cell[])[] {
  let accepted = 0;
  return candidates.map((candidate) => {
    if (!candidate.accepted) {
      return ['-', candidate.pool, { text: 'rejected', style: 'yellow' }, candidate.reason ?? ''];
    }
    accepted += 1;
    if (candidate.exhausted === true) {
      return [
        String(accepted),
        candidate.pool,
        { text: 'exhausted', style: 'yellow' },
        'has no address left',
      ];
    }
    const chosen: Cell = candidate.pool === pool ? { text: 'chosen', style: 'green' } : 'accepted';
    return [String(accepted), candidate.pool, chosen, ''];
  });
}

function outcomeLine({ address, pool }: ExplainNicShape, paint: Paint): string {
  if (address === undefined) return `  ${paint('red', 'no address')}\n`;
  const from = pool === undefined ? '' : ` from pool ${pool}`;
  return `  ${paint('green', sanitizeText(`address ${address}`))}${sanitizeText(from)}\n`;
}

import type { WhoShape } from '../wire/shapes.ts';
import { ageOf, allocationFields, field, holderText } from './allocation-text.ts';
import { type Cell, formatTable, type TextOptions } from './table.ts';

/** Who has the address, and else who had it last, as lines for a person; control characters are escaped. */
export function whoText(who: WhoShape, nowMs: number, options: TextOptions = {}): string {
  const rows =
    who.allocation === undefined ? nobodyFields(who, nowMs) : allocationFields(who.allocation, nowMs);
  const headline =
    who.allocation === undefined
      ? `nobody has ${who.address}`
      : `${who.address} belongs to ${holderText(who.allocation)}`;
  const lines = { ...options, header: false };
  const title = formatTable([{ title: '' }], [[{ text: headline, style: 'bold' }]], lines);
  return title + formatTable([{ title: '' }, { title: '' }], rows, lines);
}

function nobodyFields({ pools, last }: WhoShape, nowMs: number): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [field('pools', pools.length === 0 ? 'in no pool' : pools.join(', '))];
  if (last === undefined) return [...rows, field('last', 'nobody that is remembered')];
  rows.push(field('last', holderText(last.allocation)));
  rows.push(field('freed', `${last.freed} (${ageOf(last.freed, nowMs)} ago)`));
  if (last.suspect)
    rows.push(field('suspect', 'its node was unreachable when it was freed: it may still answer'));
  return [...rows, ...allocationFields(last.allocation, nowMs)];
}

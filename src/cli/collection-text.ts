import { sanitizeText } from '../cni/sanitize-text.ts';
import type { CollectionReport } from '../wire/collection-report.ts';
import { countText } from './count-text.ts';

/** What a garbage collection of the whole cluster did, and the addresses that it freed, a line each. */
export function collectionText(report: CollectionReport): string {
  const { examined, suspected, freed, freedCount, suspectCount } = report;
  const lines = [
    `looked at ${countText(examined, 'record')}, freed ${countText(freedCount, 'address', 'addresses')}`,
    ...(suspectCount === 0
      ? []
      : [`${suspectCount} of them may still answer on the wire: they are used last`]),
    ...(suspected === 0 ? [] : [`${suspected} suspected: a later pass frees what is still gone then`]),
    ...freed.map((address) => `  ${sanitizeText(address)}`),
    ...(freedCount > freed.length ? [`  and ${freedCount - freed.length} more`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

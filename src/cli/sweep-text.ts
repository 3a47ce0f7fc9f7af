import { sanitizeText } from '../cni/sanitize-text.ts';
import type { SweepShape } from '../wire/shapes.ts';

/** What a pass of the sweep did, and the addresses that it freed, a line each. */
export function sweepText({ examined, suspected, freed }: SweepShape): string {
  const counts = `looked at ${plural(examined, 'record')}, freed ${plural(freed.length, 'address', 'addresses')}`;
  const hint = suspected === 0 ? '' : `, ${suspected} suspected: a later pass frees what is still gone then`;
  return `${counts}${hint}\n${freed.map((address) => `  ${sanitizeText(address)}\n`).join('')}`;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

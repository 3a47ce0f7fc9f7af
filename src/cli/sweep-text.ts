import { sanitizeText } from '../cni/sanitize-text.ts';
import type { SweepShape } from '../wire/shapes.ts';
import { countText } from './count-text.ts';

/** What a pass of the sweep did, and the addresses that it freed, a line each. */
export function sweepText({ examined, suspected, freed }: SweepShape): string {
  const counts = `looked at ${countText(examined, 'record')}, freed ${countText(freed.length, 'address', 'addresses')}`;
  const hint = suspected === 0 ? '' : `, ${suspected} suspected: a later pass frees what is still gone then`;
  return `${counts}${hint}\n${freed.map((address) => `  ${sanitizeText(address)}\n`).join('')}`;
}

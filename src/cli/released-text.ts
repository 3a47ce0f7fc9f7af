import { sanitizeText } from '../cni/sanitize-text.ts';
import type { ReleasedShape } from '../wire/shapes.ts';
import { ageOf, holderText } from './allocation-text.ts';

/** What was released, from whom, and how long it was held: one line. */
export function releasedText({ released }: ReleasedShape, nowMs: number): string {
  const what = `${released.address} of pool ${released.pool} from ${holderText(released)}`;
  return `${sanitizeText(`released ${what} (held for ${ageOf(released.since, nowMs)})`)}\n`;
}

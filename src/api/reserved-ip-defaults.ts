import type { Family } from '../ip/address.ts';
import { parseRange } from '../ip/range.ts';
import { mergeRangeTexts } from '../ip/range-set.ts';
import type { SpiderReservedIP } from './resources.ts';

/**
 * Fills in what the user left out, as admission of the original does: `ipVersion` from the first entry of `ips`, several
 * entries merged into canonical ranges. Never fails and is idempotent, like `defaultPool`.
 */
export function defaultReservedIp(reserved: SpiderReservedIP): SpiderReservedIP {
  const { ips = [], ipVersion } = reserved.spec;
  const [first] = ips;
  if (first === undefined || reserved.metadata.deletionTimestamp !== undefined) return reserved;
  const family = ipVersion ?? familyOfRange(first);
  if (family === undefined) return reserved;
  return {
    ...reserved,
    spec: { ...reserved.spec, ipVersion: family, ips: mergeRangeTexts(family, ips) ?? ips },
  };
}

function familyOfRange(text: string): Family | undefined {
  if (parseRange(4, text).ok) return 4;
  return parseRange(6, text).ok ? 6 : undefined;
}

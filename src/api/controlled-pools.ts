import type { Family } from '../ip/address.ts';
import type { RangeSet } from '../ip/range-set.ts';
import { isObject } from './decode.ts';
import { readableRanges } from './range-lists.ts';

/**
 * Reads `status.controlledIPPools` of a SpiderSubnet, `{"<pool>":{"ips":["a-b", …],"application":"…"}}`: which addresses of the
 * subnet each pool has. Entries and ranges that can't be read are left out.
 *
 * @returns undefined when nothing of the text can be read
 */
export function parseControlledPools(
  text: string | undefined,
  family: Family,
): ReadonlyMap<string, RangeSet> | undefined {
  const pools = new Map<string, RangeSet>();
  if (text === undefined || text.trim() === '') return pools;
  const value = parseJson(text);
  if (value === null) return pools;
  if (!isObject(value)) return undefined;
  for (const [name, entry] of Object.entries(value)) {
    const ips: unknown = isObject(entry) ? entry['ips'] : undefined;
    if (!Array.isArray(ips)) continue;
    pools.set(
      name,
      readableRanges(
        family,
        ips.filter((range) => typeof range === 'string'),
      ),
    );
  }
  return pools;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { nextAddress, previousAddress } from './address.ts';
import type { AddressRange } from './address-range.ts';

/**
 * The walks behind RangeSet, over lists of ranges of one family. Except for the argument of `coalesce`, lists are
 * sorted, disjoint and non-adjacent, and so is every result. Each walk takes O(n + m).
 */

/** Joins what overlaps or touches in a list that is sorted by start. */
export function coalesce(sorted: Iterable<AddressRange>): AddressRange[] {
  const joined: AddressRange[] = [];
  let open: AddressRange | undefined;
  for (const range of sorted) {
    if (open !== undefined && (range.start <= open.end || nextAddress(open.end) === range.start)) {
      if (range.end > open.end) open = { start: open.start, end: range.end };
      continue;
    }
    if (open !== undefined) joined.push(open);
    open = range;
  }
  if (open !== undefined) joined.push(open);
  return joined;
}

/** Yields both lists as one, sorted by start. */
export function* interleave(a: readonly AddressRange[], b: readonly AddressRange[]): Generator<AddressRange> {
  let j = 0;
  for (const range of a) {
    for (let other = b[j]; other !== undefined && other.start < range.start; other = b[++j]) yield other;
    yield range;
  }
  for (let other = b[j]; other !== undefined; other = b[++j]) yield other;
}

/** What of `from` is in none of `taken`. */
export function subtractRanges(
  from: readonly AddressRange[],
  taken: readonly AddressRange[],
): AddressRange[] {
  const left: AddressRange[] = [];
  let first = 0; // taken ranges before this one end before all that is still to come
  for (const range of from) {
    while (endsBefore(taken[first], range)) first++;
    let start: AddressRange['start'] | undefined = range.start;
    for (let i = first; start !== undefined; i++) {
      const hole = taken[i];
      if (hole === undefined || hole.start > range.end) {
        left.push({ start, end: range.end });
        break;
      }
      const before = previousAddress(hole.start);
      if (before !== undefined && start <= before) left.push({ start, end: before });
      start = hole.end < range.end ? nextAddress(hole.end) : undefined;
    }
  }
  return left;
}

/** What is in both lists. */
export function intersectRanges(a: readonly AddressRange[], b: readonly AddressRange[]): AddressRange[] {
  const common: AddressRange[] = [];
  let j = 0;
  for (const range of a) {
    while (endsBefore(b[j], range)) j++;
    for (let other = b[j]; other !== undefined && other.start <= range.end; other = b[++j]) {
      const start = other.start > range.start ? other.start : range.start;
      const end = other.end < range.end ? other.end : range.end;
      common.push({ start, end });
      if (other.end > range.end) break; // it may reach into the next range too
    }
  }
  return common;
}

/** True when the lists share an address. */
export function rangesIntersect(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  let j = 0;
  for (const range of a) {
    while (endsBefore(b[j], range)) j++;
    const other = b[j];
    if (other === undefined) return false;
    if (other.start <= range.end) return true;
  }
  return false;
}

/** True when every address of `inner` is in `outer`. */
export function rangesCover(outer: readonly AddressRange[], inner: readonly AddressRange[]): boolean {
  let i = 0;
  for (const range of inner) {
    while (endsBefore(outer[i], range)) i++;
    const candidate = outer[i];
    if (candidate === undefined || candidate.start > range.start || candidate.end < range.end) return false;
  }
  return true;
}

function endsBefore(range: AddressRange | undefined, other: AddressRange): boolean {
  return range !== undefined && range.end < other.start;
}

import type { Family } from '../ip/address.ts';
import { compareAddresses, formatAddress } from '../ip/address.ts';
import type { AddressRange } from '../ip/address-range.ts';
import type { Cidr } from '../ip/cidr.ts';
import { cidrContains, cidrRange, formatCidr } from '../ip/cidr.ts';
import { formatRange, parseRange } from '../ip/range.ts';
import { RangeSet } from '../ip/range-set.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { indexPath } from './field-path.ts';
import { quote } from './quote.ts';

/** Ranges that a message lists; a reader needs examples, not all of them. */
const listedRangesMax = 3;

/** The ranges of a list's entries; entries that are none are left out, since validation reports them. */
export function readableRanges(family: Family, texts: readonly string[] = []): RangeSet {
  const ranges: AddressRange[] = [];
  for (const text of texts) {
    const parsed = parseRange(family, text);
    if (parsed.ok) ranges.push(parsed.range);
  }
  return RangeSet.of(family, ranges);
}

/** Checks that every entry is an address or a range of the family, and of the subnet if one is given. */
export function validateRangeTexts(
  texts: readonly string[] | undefined,
  path: string,
  family: Family,
  subnet?: Cidr,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, text] of (texts ?? []).entries()) {
    const at = indexPath(path, index);
    const parsed = parseRange(family, text);
    if (!parsed.ok) {
      errors.push(fieldError('Invalid', at, parsed.message));
    } else if (
      subnet &&
      !(cidrContains(subnet, parsed.range.start) && cidrContains(subnet, parsed.range.end))
    ) {
      errors.push(fieldError('Invalid', at, outsideSubnet(quote(text), subnet)));
    }
  }
  return errors;
}

/** Checks that no address stands in two entries. Entries that are no ranges are left out. */
export function validateDisjoint(
  texts: readonly string[] | undefined,
  path: string,
  family: Family,
): FieldError[] {
  const entries = (texts ?? []).flatMap((text, index) => {
    const parsed = parseRange(family, text);
    return parsed.ok ? [{ text, index, range: parsed.range }] : [];
  });
  entries.sort((a, b) => compareAddresses(a.range.start, b.range.start));
  const errors: FieldError[] = [];
  let furthest = entries[0];
  for (const entry of entries.slice(1)) {
    if (furthest && entry.range.start <= furthest.range.end) {
      const [first, second] = furthest.index < entry.index ? [furthest, entry] : [entry, furthest];
      const message = `${quote(second.text)} overlaps ${quote(first.text)}: write every address once`;
      errors.push(fieldError('Invalid', indexPath(path, second.index), message));
    }
    if (!furthest || entry.range.end > furthest.range.end) furthest = entry;
  }
  return errors;
}

/** The sentence that refuses something outside of a subnet and says what lies inside. */
export function outsideSubnet(what: string, subnet: Cidr): string {
  const { start, end } = cidrRange(subnet);
  return `${what} is outside of the subnet ${formatCidr(subnet)}: write addresses from ${formatAddress(start)} to ${formatAddress(end)}`;
}

/** The first few ranges of a set as a message lists them. */
export function describeRanges(set: RangeSet): string {
  const listed = set.ranges.slice(0, listedRangesMax).map(formatRange).join(', ');
  const more = set.ranges.length - listedRangesMax;
  return more > 0 ? `${listed} and ${more} more` : listed;
}

import type { Family } from './address.ts';
import { formatAddress, parseAddress, parseAddressOf } from './address.ts';
import type { AddressRange } from './address-range.ts';
import { cidrRange, parseCidr } from './cidr.ts';

/** Which rule a text breaks: `cidr` when it names a subnet, `dashes` for more than one `-`, `order` when the start is the greater. */
export type RangeFault = 'empty' | 'blank' | 'cidr' | 'dashes' | 'address' | 'family' | 'order';

/** A range, or which rule the text breaks with a sentence that says what to write instead. */
export type RangeParseResult =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly fault: RangeFault; readonly message: string };

/** Characters of a user's text that a message repeats; the longest range of two addresses has 91. */
const quotedLengthMax = 100;

/**
 * Reads one entry of `ips` or `excludeIPs`: an address or `first-last`, of this family, without blanks, the first
 * not greater than the last.
 */
export function parseRange(family: Family, text: string): RangeParseResult {
  const dash = text.indexOf('-');
  const startText = dash < 0 ? text : text.slice(0, dash);
  const endText = dash < 0 ? text : text.slice(dash + 1);
  const start = parseAddressOf(family, startText);
  const end = dash < 0 ? start : parseAddressOf(family, endText);
  if (start === undefined || end === undefined) return explain(family, text);
  if (start > end) {
    return fault('order', `${quote(text)} ends before it starts: write ${quote(`${endText}-${startText}`)}`);
  }
  return { ok: true, range: { start, end } };
}

/** The canonical text: `a` for a single address, else `a-b`. */
export function formatRange(range: AddressRange): string {
  const start = formatAddress(range.start);
  return range.start === range.end ? start : `${start}-${formatAddress(range.end)}`;
}

/** Finds out why a text is no range, the most helpful reason first. */
function explain(family: Family, text: string): RangeParseResult {
  if (text.trim() === '') {
    return fault('empty', `an entry is empty: write ${examples(family)}, or remove it`);
  }
  const dense = text.replaceAll(/\s+/g, '');
  if (dense !== text) return fault('blank', `${quote(text)} contains blanks: write ${quote(dense)}`);
  if (text.includes('/')) return explainSlash(family, text);
  const parts = text.split('-');
  if (parts.length > 2) {
    return fault(
      'dashes',
      `${quote(text)} has more than one "-": write ${examples(family)}, each range as an entry of its own`,
    );
  }
  const wrong = parts.find((part) => parseAddressOf(family, part) === undefined) ?? text;
  if (parseAddress(wrong) !== undefined) {
    return fault('family', `${quote(wrong)} is not an IPv${family} address: write ${examples(family)}`);
  }
  return fault('address', explainAddress(family, parts, wrong));
}

function explainSlash(family: Family, text: string): RangeParseResult {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    return fault(
      'address',
      `${quote(text)} is not an IPv${family} address or range: write ${examples(family)}`,
    );
  }
  if (cidr.family !== family) {
    return fault('family', `${quote(text)} is an IPv${cidr.family} subnet: write ${examples(family)}`);
  }
  const range = formatRange(cidrRange(cidr));
  return fault(
    'cidr',
    `${quote(text)} is a subnet, which is not accepted here: write its addresses, ${quote(range)}`,
  );
}

function explainAddress(family: Family, parts: readonly string[], wrong: string): string {
  const [first = '', last] = parts;
  const withoutZone = wrong.replace(/%.*$/s, '');
  if (withoutZone !== wrong && parseAddressOf(family, withoutZone) !== undefined) {
    return `${quote(wrong)} has a zone: write ${quote(withoutZone)}`;
  }
  const withoutZeros = wrong.replaceAll(/\b0+(?=\d)/g, '');
  if (family === 4 && parseAddressOf(family, withoutZeros) !== undefined) {
    return `${quote(wrong)} has leading zeros, which some programs read as octal: write ${quote(withoutZeros)}`;
  }
  const stem = first.slice(0, first.lastIndexOf(family === 4 ? '.' : ':') + 1);
  if (last !== undefined && wrong === last && parseAddressOf(family, stem + last) !== undefined) {
    return `${quote(wrong)} is not a whole address: write ${quote(`${first}-${stem}${last}`)}`;
  }
  return `${quote(wrong)} is not an IPv${family} address: write ${examples(family)}`;
}

function examples(family: Family): string {
  return family === 4
    ? 'an address such as "10.0.0.1" or a range such as "10.0.0.1-10.0.0.9"'
    : 'an address such as "fd00::1" or a range such as "fd00::1-fd00::9"';
}

/** A user's text in a message: bounded, and nothing in it that a terminal or a log would act on. */
function quote(text: string): string {
  const shown = text.length > quotedLengthMax ? `${text.slice(0, quotedLengthMax)}…` : text;
  return JSON.stringify(shown).replaceAll(/[^\x20-\x7e…]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function fault(cause: RangeFault, message: string): RangeParseResult {
  return { ok: false, fault: cause, message };
}

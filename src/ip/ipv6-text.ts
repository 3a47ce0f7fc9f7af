import { formatIpv4, parseIpv4 } from './ipv4-text.ts';

const colon = 0x3a;
const dot = 0x2e;
const groupCount = 8;
const byteCount = 16;
/** Six groups of four digits with their colons and a dotted tail: the longest text that is one address. */
const textLengthMax = 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'.length;

/**
 * The one address being read or printed. Shared by all calls, which never yield: going through a buffer costs two
 * BigInt operations an address instead of sixteen.
 */
const bytes = new Uint8Array(byteCount);
const view = new DataView(bytes.buffer);

/**
 * Reads the text forms of RFC 4291 section 2.2, as Go's `net.ParseIP` does: `::` at most once and for at least one
 * group, one to four hexadecimal digits a group in either case, the last 32 bits also in dotted decimal. Zone ids,
 * brackets, prefixes and blanks are refused.
 */
export function parseIpv6(text: string): bigint | undefined {
  const length = text.length;
  if (length > textLengthMax) return undefined;
  let groups = 0;
  let gap = -1; // how many groups stand before the `::`
  let i = 0;
  if (text.startsWith('::')) {
    gap = 0;
    i = 2;
  }
  while (i < length) {
    if (groups === groupCount) return undefined;
    const begin = i;
    let group = 0;
    for (; i < length; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      group = group * 16 + digit;
    }
    if (i === begin || i - begin > 4) return undefined;
    const stop = text.charCodeAt(i);
    if (stop === dot) {
      const tail = parseIpv4(text.slice(begin));
      if (tail === undefined || groups > groupCount - 2) return undefined;
      view.setUint32(groups * 2, tail);
      groups += 2;
      break;
    }
    view.setUint16(groups * 2, group);
    groups++;
    if (i === length) break;
    // A colon must follow, and something after it.
    if (stop !== colon || i + 1 === length) return undefined;
    i++;
    if (text.charCodeAt(i) === colon) {
      if (gap >= 0) return undefined;
      gap = groups;
      i++;
    }
  }
  if (gap < 0 ? groups !== groupCount : groups === groupCount) return undefined;
  if (gap >= 0) openGap(gap, groups);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

/** Moves the groups that stand after `::` to the end of the buffer and clears what it stands for. */
function openGap(gap: number, groups: number): void {
  const tail = byteCount - (groups - gap) * 2;
  bytes.copyWithin(tail, gap * 2, groups * 2);
  bytes.fill(0, gap * 2, tail);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  return -1;
}

/**
 * Prints the canonical text of RFC 5952. IPv4-mapped addresses get the mixed form of its section 5
 * (`::ffff:1.2.3.4`), as Go's `netip.Addr` prints them; every other address is printed in hexadecimal.
 */
export function formatIpv6(address: bigint): string {
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address); // takes the low 64 bits
  if (view.getUint32(8) === 0xffff && view.getUint32(0) === 0 && view.getUint32(4) === 0) {
    return `::ffff:${formatIpv4(view.getUint32(12))}`;
  }
  const [gap, gapEnd] = longestZeroRun();
  let text = '';
  for (let group = 0; group < groupCount; group++) {
    if (group === gap) {
      text += '::';
      group = gapEnd - 1;
      continue;
    }
    if (group > 0 && group !== gapEnd) text += ':';
    text += view.getUint16(group * 2).toString(16);
  }
  return text;
}

/** The first longest run of two or more zero groups, its end excluded; [-1, -1] if there is none (RFC 5952 section 4.2). */
function longestZeroRun(): readonly [start: number, end: number] {
  let start = -1;
  let end = -1;
  let runStart = 0;
  for (let group = 0; group <= groupCount; group++) {
    if (group < groupCount && view.getUint16(group * 2) === 0) continue;
    if (group - runStart >= 2 && group - runStart > end - start) {
      start = runStart;
      end = group;
    }
    runStart = group + 1;
  }
  return [start, end];
}

const dot = 0x2e;
const zero = 0x30;
const textLengthMax = '255.255.255.255'.length;

/**
 * Reads dotted decimal: exactly four octets without leading zeros, signs or blanks (the strict reading of Go's
 * `net.ParseIP`; a leading zero means octal to some readers and decimal to others, so it means nothing here).
 */
export function parseIpv4(text: string): number | undefined {
  const length = text.length;
  if (length > textLengthMax) return undefined;
  let address = 0;
  let octet = -1; // -1: the present octet has no digit yet
  let dots = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (octet < 0 || dots === 3) return undefined;
      address = address * 256 + octet;
      octet = -1;
      dots++;
      continue;
    }
    const digit = code - zero;
    if (digit < 0 || digit > 9 || octet === 0) return undefined;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return undefined;
  }
  return octet < 0 || dots !== 3 ? undefined : address * 256 + octet;
}

/** Prints dotted decimal. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

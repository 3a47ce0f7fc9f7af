/** Longest text that {@link sanitizeText} lets through; a line that a person can still read in a terminal or an event. */
const lengthMax = 4096;

// C0 and C1 controls, DEL, the Unicode line separators, and the marks that reorder text on a screen.
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from outside safe to print in an error message, a log line or a terminal: control characters become
 * `\u001b`-like escapes, lone surrogates the replacement character, and everything past 4096 characters is cut.
 */
export function sanitizeText(text: string): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return cut
    .toWellFormed()
    .replace(unprintable, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Text from outside as a message quotes it: sanitized, in double quotes, cut after 100 characters. */
export function quoteText(text: string): string {
  return sanitizeText(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}

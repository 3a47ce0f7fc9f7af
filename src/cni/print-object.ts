/** A result or error as the CNI reference plugins print it: indented by four blanks, here with a final newline. */
export function printObject(object: object): string {
  return `${JSON.stringify(object, null, 4)}\n`;
}

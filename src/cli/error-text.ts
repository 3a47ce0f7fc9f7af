import type { ErrorShape } from '../wire/shapes.ts';

/** A refusal as one line for a person, without its code; control characters are not escaped yet. */
export function errorText({ msg, details }: ErrorShape): string {
  return details === undefined ? msg : `${msg} (${details})`;
}

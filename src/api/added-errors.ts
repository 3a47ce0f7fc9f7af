import type { FieldError } from './field-error.ts';
import { pathWithoutIndices } from './field-path.ts';

/**
 * The errors of a new object that its old version did not have already. An object that was stored before a rule existed (or
 * while admission was away) can so still be repaired step by step, or disabled. Messages name the value, so the same value
 * at another place of its list counts as the same error, and a second one as a new error.
 */
export function addedErrors(before: readonly FieldError[], after: readonly FieldError[]): FieldError[] {
  const known = new Map<string, number>();
  for (const error of before) known.set(identityOf(error), (known.get(identityOf(error)) ?? 0) + 1);
  return after.filter((error) => {
    const identity = identityOf(error);
    const left = known.get(identity) ?? 0;
    known.set(identity, left - 1);
    return left <= 0;
  });
}

function identityOf(error: FieldError): string {
  return JSON.stringify([error.type, pathWithoutIndices(error.path), error.message]);
}

import { canonicalCidr } from '../ip/cidr.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { quote } from './quote.ts';
import type { NetworkSpec, ObjectMeta } from './resources.ts';
import { structurallyEqual } from './structurally-equal.ts';

/** Whether a deletion was asked for and our finalizer holds the object no more: it is going away, whatever it says. */
export function isReleased({ deletionTimestamp, finalizers = [] }: ObjectMeta, finalizer: string): boolean {
  return deletionTimestamp !== undefined && !finalizers.includes(finalizer);
}

/**
 * Checks that what is being deleted keeps its spec.
 *
 * @param noun what it is, in a word
 * @param before its spec, defaulted, like `after`
 */
export function validateDeleting(
  noun: string,
  { deletionTimestamp }: ObjectMeta,
  before: NetworkSpec,
  after: NetworkSpec,
): FieldError[] {
  if (deletionTimestamp === undefined || structurallyEqual(before, after)) return [];
  const message = `the ${noun} is being deleted, so its spec is fixed: leave it as it is, or create another ${noun}`;
  return [fieldError('Forbidden', 'metadata.deletionTimestamp', message)];
}

/** Checks that `ipVersion` and `subnet` stay what they are; a subnet may be respelled canonically. */
export function validateImmutable(noun: string, before: NetworkSpec, after: NetworkSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { ipVersion, subnet } = before;
  if (ipVersion !== undefined && after.ipVersion !== ipVersion) {
    const message = `ipVersion can't be changed: write ${ipVersion}, or create another ${noun}`;
    errors.push(fieldError('Forbidden', 'spec.ipVersion', message));
  }
  if (after.subnet !== subnet && after.subnet !== canonicalCidr(subnet)) {
    const message = `subnet can't be changed: write ${quote(subnet)}, or create another ${noun}`;
    errors.push(fieldError('Forbidden', 'spec.subnet', message));
  }
  return errors;
}

import type { Family } from '../ip/address.ts';
import { addedErrors } from './added-errors.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { validateFamily } from './pool-rules.ts';
import { validateRangeTexts } from './range-lists.ts';
import type { SpiderReservedIP } from './resources.ts';
import { structurallyEqual } from './structurally-equal.ts';
import { validateTexts } from './text-rule.ts';

/**
 * Checks a defaulted SpiderReservedIP. Overlaps are allowed, and so is reserving addresses in use: pods keep them.
 *
 * @param families the families that the configuration switches on
 */
export function validateReservedIp(reserved: SpiderReservedIP, families: readonly Family[]): FieldError[] {
  const { ipVersion, ips } = reserved.spec;
  const errors = validateFamily(ipVersion, families);
  // Without a family the first entry is no address of any: the IPv4 reading says best what is wrong with it.
  errors.push(...validateRangeTexts(ips, 'spec.ips', ipVersion ?? 4));
  return [...errors, ...validateTexts({ labels: reserved.metadata.labels }, 'metadata')];
}

/**
 * Checks a change of a SpiderReservedIP, both sides defaulted. `ipVersion` never changes, an object that was being deleted
 * before keeps its spec, and otherwise only what the change makes worse is refused, as with pools.
 */
export function validateReservedIpUpdate(
  old: SpiderReservedIP,
  updated: SpiderReservedIP,
  families: readonly Family[],
): FieldError[] {
  if (old.metadata.deletionTimestamp !== undefined && !structurallyEqual(old.spec, updated.spec)) {
    const message =
      'the object is being deleted, so its spec is fixed: leave it as it is, or create another one';
    return [fieldError('Forbidden', 'metadata.deletionTimestamp', message)];
  }
  const { ipVersion } = old.spec;
  if (ipVersion !== undefined && updated.spec.ipVersion !== ipVersion) {
    const message = `ipVersion can't be changed: write ${ipVersion}, or create another SpiderReservedIP`;
    return [fieldError('Forbidden', 'spec.ipVersion', message)];
  }
  return addedErrors(validateReservedIp(old, families), validateReservedIp(updated, families));
}

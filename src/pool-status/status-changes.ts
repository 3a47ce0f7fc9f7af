import { saturatedCount } from '../api/count.ts';
import { structurallyEqual } from '../api/structurally-equal.ts';

/** Fields of a status with the values that they are to have; null for one that is not to be there. */
export type StatusFields = Readonly<Record<string, unknown>>;

/** A count as JSON carries it: exact, as a number where that is possible, as {@link parseExactJson} reads it. */
export function jsonCount(count: bigint | number): bigint | number {
  const saturated = saturatedCount(BigInt(count));
  const number = Number(saturated);
  return Number.isSafeInteger(number) ? number : saturated;
}

/** What of the wanted fields differs from the standing ones; undefined when nothing does. */
export function statusChanges(wanted: StatusFields, standing: StatusFields): StatusFields | undefined {
  const changes = Object.entries(wanted).filter(
    ([key, value]) => !structurallyEqual(value, standing[key] ?? null),
  );
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

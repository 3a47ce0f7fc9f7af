import type { Address } from '../../ip/address.ts';
import type { Want } from '../../ipam/want.ts';
import type { Claimant, WantRefusal } from '../ledger.ts';
import type { AllocationRecord } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import { refuseStanding, standingFor } from '../standing.ts';
import { takenOver, withNewSandbox } from '../take-over.ts';

/** How a want is to be served. */
export type Serving =
  | { readonly kind: 'standing'; readonly want: Want; readonly record: AllocationRecord }
  /** By a new address. */
  | { readonly kind: 'new'; readonly want: Want }
  /** By the new address of an earlier want for the same NIC and family. */
  | { readonly kind: 'same'; readonly want: Want; readonly as: Want };

/** A standing record that is written as the claim leaves it. */
export interface RecordChange {
  readonly before: AllocationRecord;
  readonly after: AllocationRecord;
}

/** What a claim does with what stands. */
export interface ClaimPlan {
  readonly servings: readonly Serving[];
  readonly changes: readonly RecordChange[];
  /** Records that serve wants as they are: nothing is written that would tell whether they still stand. */
  readonly unchanged: readonly AllocationRecord[];
  /** Wants that a standing record forbids. */
  readonly refusals: ReadonlyMap<Want, WantRefusal>;
}

/**
 * Decides which wants are served by records that stand.
 * @param own what the claimant's pod holds
 * @param kept what its static owner has besides
 */
export function planClaim(
  claimant: Claimant,
  wants: readonly Want[],
  { own, kept }: { readonly own: readonly AllocationRecord[]; readonly kept: readonly AllocationRecord[] },
): ClaimPlan {
  const standing = [...own, ...kept];
  const after = new Map<AllocationRecord, AllocationRecord>();
  for (const record of own) after.set(record, withNewSandbox(record, claimant.holder));
  const refusals = new Map<Want, WantRefusal>();
  const servings: Serving[] = [];
  const serving = new Set<AllocationRecord>();
  for (const want of wants) {
    const record = standingFor(standing, want, claimant);
    if (record === undefined) {
      servings.push(newServing(want, servings));
      continue;
    }
    servings.push({ kind: 'standing', want, record });
    serving.add(record);
    after.set(record, takenOver(record, claimant));
    const refusal = refuseStanding(want, record);
    if (refusal !== undefined) refusals.set(want, refusal);
  }
  const changes = [...after].flatMap(([before, next]) =>
    sameRecord(before, next) ? [] : [{ before, after: next }],
  );
  const changed = new Set(changes.map((change) => change.before));
  return { servings, changes, unchanged: [...serving].filter((record) => !changed.has(record)), refusals };
}

function newServing(want: Want, servings: readonly Serving[]): Serving {
  const as = servings.find(
    (it) => it.kind === 'new' && it.want.nic === want.nic && it.want.family === want.family,
  );
  return as === undefined ? { kind: 'new', want } : { kind: 'same', want, as: as.want };
}

/** The records that serve the wants, in their order. */
export function servedRecords(
  servings: readonly Serving[],
  known: {
    /** Of standing records: as they stand after the claim, where that differs. */
    readonly changed: ReadonlyMap<Address, AllocationRecord>;
    /** Of new addresses. */
    readonly taken: ReadonlyMap<Want, AllocationRecord>;
  },
): { readonly want: Want; readonly record: AllocationRecord }[] {
  return servings.flatMap((serving) => {
    const { want } = serving;
    if (serving.kind === 'standing') {
      return { want, record: known.changed.get(serving.record.address) ?? serving.record };
    }
    const record = known.taken.get(serving.kind === 'same' ? serving.as : want);
    return record === undefined ? [] : { want, record };
  });
}

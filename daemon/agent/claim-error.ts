import type { CniError } from '../../src/cni/error.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import type { PoolCatalog } from '../../src/ipam/pool.ts';
import {
  exhaustedError,
  requestedDiffersError,
  requestedOutsideError,
  requestedTakenError,
} from '../../src/ipam/refusal.ts';
import type { WantRefusal } from '../../src/ledger/ledger.ts';
import type { AllocationRecord, StaticOwner } from '../../src/ledger/record.ts';
import { podText } from '../../src/wire/to-shapes.ts';

/** What a refused claim means to a runtime. */
export function claimError(refusal: WantRefusal, plan: AddPlan, catalog: PoolCatalog): CniError {
  const { nic, family, requested } = refusal.want;
  switch (refusal.cause) {
    case 'exhausted':
      return exhaustedError(nic, family, refusal.pools, catalog, plan);
    case 'requested-taken':
      return requestedTakenError(refusal.by.address, holderText(refusal.by), refusal.by.pool);
    case 'requested-differs':
      return requestedDiffersError(requested ?? refusal.standing.address, nic, standingOf(refusal.standing));
    case 'requested-outside':
      return requestedOutsideError(refusal.want);
  }
}

/** Who uses an address, in the words that an operator knows it by. */
function holderText(record: AllocationRecord): string {
  const holder = record.holders.at(-1);
  if (record.owner !== undefined) return `${ownerText(record.owner)} (NIC ${record.nic})`;
  if (holder === undefined) return `nobody (NIC ${record.nic})`;
  const pod = holder.pod.name === '' ? '' : `pod ${podText(holder.pod)}, `;
  return `${pod}container ${holder.sandbox} (NIC ${record.nic})`;
}

/** An address that the NIC has already; without a holder it is a static workload that keeps it. */
function standingOf({
  address,
  holders,
  owner,
}: AllocationRecord): Parameters<typeof requestedDiffersError>[2] {
  return owner === undefined || holders.length > 0 ? { address } : { address, keptFor: ownerText(owner) };
}

function ownerText({ kind, namespace, name }: StaticOwner): string {
  return `${kind} ${namespace}/${name}`;
}

import type { Cluster, RequestFacts } from '../../src/cluster/cluster.ts';
import { staticKinds } from '../../src/cluster/kubernetes/static-owner.ts';
import { CniCode } from '../../src/cni/error.ts';
import { familyOf } from '../../src/ip/address.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { PoolCatalog } from '../../src/ipam/pool.ts';
import type { Want } from '../../src/ipam/want.ts';
import type { Claimant, Ledger } from '../../src/ledger/ledger.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';

/** Problems of pools that take nothing away from who has an address of them; a mistake in an annotation has to be seen. */
const passingProblems: ReadonlySet<number> = new Set([CniCode.poolsFiltered, CniCode.originalRecords]);

/** An ADD whose pools can't be used now, and what is known of it. */
export interface StandingRequest {
  readonly nic: string;
  readonly claimant: Claimant;
  readonly plan: AddPlan;
  readonly facts: RequestFacts;
}

/**
 * What the NIC of a pod holds already, committed to its present sandbox: an answer that was given stands, even when its pools
 * would not be chosen any more (disabled, being deleted, restricted since). The next pod of a static workload gets what is kept
 * for it in the same way: a StatefulSet's pod from pools that still are named for it, a virtual machine from any.
 *
 * @returns nothing when there is no such record
 * @throws LedgerError when the ledger can't be read or written now
 */
export async function standingAddresses(
  ledger: Ledger,
  { ownRecords }: Pick<Cluster, 'ownRecords'>,
  { nic, claimant, plan, facts }: StandingRequest,
  signal: AbortSignal,
): Promise<readonly AllocationRecord[]> {
  const { holder, owner } = claimant;
  const held = await ledger.records({ ...ownRecords, uid: holder.uid, nic });
  if (held.length > 0) return (await ledger.confirm(holder)).filter((record) => record.nic === nic);
  if (owner === undefined || !passingProblems.has(plan.problem?.code ?? 0)) return [];
  const kept = await ledger.records({ owner, nic });
  const wants = keptWants(nic, plan, kept, { catalog: facts.catalog, keepsByPool: movesWithPools(facts) });
  if (wants === undefined) return [];
  const outcome = await ledger.claim(claimant, wants, chooseAddress, { signal });
  return outcome.kind === 'claimed' ? outcome.addresses.map(({ record }) => record) : [];
}

/** The next pod of a StatefulSet moves to other pools when others are named for it; a virtual machine keeps what it has. */
export function movesWithPools({ owner }: Pick<RequestFacts, 'owner'>): boolean {
  return owner?.kind === staticKinds.statefulSet;
}

/**
 * The wants that the kept records of a static workload serve: each family of the NIC must have one, with `keepsByPool` in a pool that
 * the plan names, accepted or not. Undefined when one is missing: then the reason of the plan holds. Pure.
 */
export function keptWants(
  nic: string,
  plan: AddPlan,
  kept: readonly AllocationRecord[],
  { catalog: { byName }, keepsByPool }: { readonly catalog: PoolCatalog; readonly keepsByPool: boolean },
): readonly Want[] | undefined {
  const families = plan.nics.find((one) => one.nic === nic)?.families ?? [];
  const wants = families.flatMap(({ family, candidates }): Want[] => {
    const record = kept.find(
      ({ address, pool }) =>
        familyOf(address) === family && (!keepsByPool || candidates.some(({ name }) => name === pool)),
    );
    const range = record && byName.get(record.pool)?.range;
    return record && range ? [{ nic, family, pools: [range], requested: record.address }] : [];
  });
  return wants.length > 0 && wants.length === families.length ? wants : undefined;
}

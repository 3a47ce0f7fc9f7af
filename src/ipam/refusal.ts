import { CniCode, CniError } from '../cni/error.ts';
import { type Address, type Family, formatAddress } from '../ip/address.ts';
import type { AddPlan } from './add-plan.ts';
import type { CatalogPool, PoolCatalog } from './pool.ts';
import type { Want } from './want.ts';

/** How an exhausted pool is used, as the ledger counted it. */
export interface ExhaustedPool {
  readonly pool: string;
  readonly allocated: number;
  /** Of the allocated ones those that the pool's ranges no longer contain. */
  readonly outside: number;
  readonly suspect: number;
}

/** `pool a (total 10, allocated 8, reserved 2, excluded 0, suspect 0)`: the counts of one pool for a message. */
function countsText(usage: ExhaustedPool, pool: CatalogPool | undefined): string {
  const counts = [
    `total ${pool?.total ?? 'unknown'}`,
    `allocated ${usage.allocated}${usage.outside > 0 ? `, ${usage.outside} of them outside of its ranges` : ''}`,
    `reserved ${pool?.reserved ?? 'unknown'}`,
    `excluded ${pool?.excluded ?? 'unknown'}`,
    `suspect ${usage.suspect}`,
  ];
  return `pool ${usage.pool} (${counts.join(', ')})`;
}

/** No pool has an address left for a NIC (code 103): each pool that was tried with its counts, and those that were not tried. */
export function exhaustedError(
  nic: string,
  family: Family,
  tried: readonly ExhaustedPool[],
  catalog: PoolCatalog,
  plan: AddPlan,
): CniError {
  const pools = tried.map((usage) => countsText(usage, catalog.byName.get(usage.pool))).join('; ');
  const familyPlan = plan.nics.find((one) => one.nic === nic)?.families.find((one) => one.family === family);
  const rejected = (familyPlan?.candidates ?? []).filter(({ reason }) => reason !== undefined);
  const others = rejected.map(({ name, reason }) => `pool ${name} ${reason}`).join('; ');
  const message =
    `no free IPv${family} address for NIC ${nic}: ${pools}${others === '' ? '' : `; not tried: ${others}`}. ` +
    'Widen a pool, name a further pool as fall-back, or delete pods that hold addresses';
  return new CniError(CniCode.poolsExhausted, message);
}

/** The requested address has another owner (code 104). */
export function requestedTakenError(address: Address, owner: string, pool: string): CniError {
  const message = `the requested address ${formatAddress(address)} is taken: ${owner} has it from pool ${pool}; ask for another or release it first`;
  return new CniError(CniCode.requestedAddressRefused, message);
}

/** The NIC has an address that is not the requested one (code 104). */
export function requestedDiffersError(
  requested: Address,
  nic: string,
  /** `keptFor`: the static workload in words, where it keeps the address and no attachment does. */
  standing: { readonly address: Address; readonly keptFor?: string },
): CniError {
  const text = formatAddress(standing.address);
  const has =
    standing.keptFor === undefined ? `already has ${text}` : `has ${text}, kept for ${standing.keptFor}`;
  const step =
    standing.keptFor === undefined
      ? 'delete the attachment first'
      : `ask for ${text}, or give it up with spiderpoolctl release ${text}`;
  const message = `NIC ${nic} ${has}, so the requested ${formatAddress(requested)} is not given beside it: ${step}`;
  return new CniError(CniCode.requestedAddressRefused, message);
}

/** The requested address is in none of the pools that the ledger was given (code 104). */
export function requestedOutsideError({ nic, requested }: Want): CniError {
  const text = requested === undefined ? '' : ` ${formatAddress(requested)}`;
  const message = `the requested address${text} is in no pool that may serve NIC ${nic}: ask for another, or name a pool that has it`;
  return new CniError(CniCode.requestedAddressRefused, message);
}

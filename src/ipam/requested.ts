import { describeRanges } from '../api/range-lists.ts';
import { CniCode, CniError } from '../cni/error.ts';
import { type Address, type Family, familyOf, formatAddress } from '../ip/address.ts';
import type { Candidate, FamilyPlan } from './add-plan.ts';
import type { CatalogPool } from './pool.ts';

/** The pools of a family after a look at the requested address. */
export interface NarrowedPools {
  /** The address asked for in this family, if one was. */
  readonly address?: Address;
  /** All pools when no address is asked for, else those that may give it. */
  readonly accepted: readonly CatalogPool[];
  readonly rejected: readonly Candidate[];
  readonly problem?: CniError;
}

/** Keeps of the pools that may serve a family those that may give the requested address, and says of each other why not. */
export function narrowToRequested(
  pools: readonly CatalogPool[],
  requested: readonly Address[],
  family: Family,
): NarrowedPools {
  const addresses = requested.filter((address) => familyOf(address) === family);
  const [address, second] = addresses;
  if (address === undefined) return { accepted: pools, rejected: [] };
  if (second !== undefined) {
    const texts = addresses.map((one) => formatAddress(one)).join(', ');
    const message = `a NIC gets one IPv${family} address, but ${texts} are requested: ask for one of them`;
    return { address, accepted: [], rejected: [], problem: refused(message) };
  }
  const accepted: CatalogPool[] = [];
  const rejected: Candidate[] = [];
  for (const pool of pools) {
    const reason = refusalReason(pool, address);
    if (reason === undefined) accepted.push(pool);
    else rejected.push({ name: pool.pool.name, reason });
  }
  if (accepted.length > 0 || pools.length === 0) return { address, accepted, rejected };
  const reasons = rejected.map(({ name, reason }) => `pool ${name} ${reason}`).join('; ');
  const message = `the requested address ${formatAddress(address)} can't be given: ${reasons}`;
  return { address, accepted, rejected, problem: refused(message) };
}

/** A problem for each requested address whose family the selected pools don't serve at all. */
export function unservedRequests(
  nic: string,
  requested: readonly Address[],
  families: readonly FamilyPlan[],
): CniError[] {
  return requested
    .filter((address) => !families.some(({ family }) => family === familyOf(address)))
    .map((address) => {
      const family = familyOf(address);
      return refused(
        `the requested address ${formatAddress(address)} can't be given: no IPv${family} pool is selected for NIC ${nic}`,
      );
    });
}

function refusalReason({ pool, range }: CatalogPool, address: Address): string | undefined {
  if (range.eligible.contains(address)) return undefined;
  const text = formatAddress(address);
  if (!pool.addresses.contains(address))
    return `does not contain ${text} (its ips are ${describeRanges(pool.addresses) || 'empty'})`;
  if (pool.excluded.contains(address)) return `excludes ${text} (excludeIPs)`;
  return `may not give ${text}: a SpiderReservedIP reserves it`;
}

function refused(message: string): CniError {
  return new CniError(CniCode.requestedAddressRefused, message);
}

import { buildCatalog } from '../../ipam/catalog.ts';
import { reservedAddresses } from '../../ipam/compile-pool.ts';
import type { Pool, PoolCatalog } from '../../ipam/pool.ts';
import type { PoolCondition } from '../cluster.ts';
import { deletingText, notUsedText, originalRecordsText } from '../pool-condition-texts.ts';
import { withOverlaps } from '../pool-overlaps.ts';
import type { StoredPool } from './stored-pool.ts';
import type { StoredReservedIp } from './stored-reserved-ip.ts';

/** All pools of the API server by name, those that can't be used included. */
export type StoredPools = ReadonlyMap<string, StoredPool>;

/** The pools that can be used, with what is reserved taken away. Pure. @param previous the catalogue that this one replaces */
export function storedCatalog(
  pools: StoredPools,
  reserved: readonly StoredReservedIp[],
  previous?: PoolCatalog,
): PoolCatalog {
  const resources = reserved.map(({ resource }) => resource);
  return buildCatalog(usable(pools), reservedAddresses(resources), previous);
}

/** What an operator should know of each pool, worst first. Pure. */
export function storedConditions(pools: StoredPools): ReadonlyMap<string, readonly PoolCondition[]> {
  const own = new Map(Array.from(pools, ([name, stored]) => [name, conditionsOf(stored)]));
  return withOverlaps(own, usable(pools));
}

/** What is wrong with stored objects, each in a line. Pure. */
export function storedProblems(pools: StoredPools, reserved: readonly StoredReservedIp[]): readonly string[] {
  const ofPools = Array.from(pools, ([name, { problem }]) => ['SpiderIPPool', name, problem]);
  const ofReserved = reserved.map(({ name, problem }) => ['SpiderReservedIP', name, problem]);
  return [...ofPools, ...ofReserved]
    .filter(([, , problem]) => problem !== undefined)
    .map(([kind, name, problem]) => `${kind} ${name}: ${problem}`);
}

function usable(pools: StoredPools): readonly Pool[] {
  return Array.from(pools.values(), ({ pool }) => pool).filter((pool) => pool !== undefined);
}

function conditionsOf({ pool, problem }: StoredPool): readonly PoolCondition[] {
  const conditions: PoolCondition[] = [];
  if (problem !== undefined) conditions.push({ type: 'BadManifest', message: notUsedText(problem) });
  if (pool?.hasOriginalRecords) conditions.push({ type: 'OriginalRecords', message: originalRecordsText });
  if (pool?.deleting) conditions.push({ type: 'Deleting', message: deletingText });
  return conditions;
}

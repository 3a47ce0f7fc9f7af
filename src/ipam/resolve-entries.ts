import { CniCode, CniError } from '../cni/error.ts';
import { poolsMax } from '../cni/parse-config.ts';
import type { Family } from '../ip/address.ts';
import { compileGlob, isGlob } from './glob.ts';
import type { CatalogPool, PoolCatalog } from './pool.ts';

/** How many names a message gives as a hint. */
const namesInMessageMax = 5;

/** A pool that an entry of a list stands for; `pool` is undefined when there is none of that name. */
export interface NamedPool {
  readonly name: string;
  readonly pool: CatalogPool | undefined;
}

/** What a list of names and patterns stands for. */
export interface ResolvedEntries {
  readonly pools: readonly NamedPool[];
  /** The first thing that is wrong with the list; it refuses the whole request. */
  readonly problem?: CniError;
}

/**
 * Turns a list of names and shell patterns into pools: in the order of the entries, those of a pattern by name.
 * A pattern looks at pools of `family` only; a name may also stand for a pool of the other family, which the
 * filters then refuse with that reason.
 *
 * @param where - the list in words for messages, such as `the CNI config for NIC eth0, IPv4`
 */
export function resolveEntries(
  entries: readonly string[],
  family: Family,
  catalog: PoolCatalog,
  where: string,
): ResolvedEntries {
  const pools = new Map<string, NamedPool>();
  let problem: CniError | undefined;
  for (const entry of entries) {
    // A list that is refused already costs no more work: a pod's owner may write thousands of patterns.
    if (problem !== undefined && isGlob(entry)) continue;
    const named = expandEntry(entry, family, catalog, where);
    if (named instanceof CniError) {
      problem ??= named;
      continue;
    }
    for (const pool of named) {
      problem ??= problemOf(pool, pools, { entry, family, catalog, where });
      pools.set(pool.name, pool);
    }
    // Patterns are expanded by now, so that a short list may still be too long.
    if (pools.size > poolsMax) {
      const message = `${where} gives more than ${poolsMax} pools: name fewer, or use narrower patterns`;
      problem ??= new CniError(CniCode.badSelection, message);
      break;
    }
  }
  return { pools: [...pools.values()], ...(problem && { problem }) };
}

interface EntryContext {
  readonly entry: string;
  readonly family: Family;
  readonly catalog: PoolCatalog;
  readonly where: string;
}

function problemOf(
  { name, pool }: NamedPool,
  before: ReadonlyMap<string, NamedPool>,
  { entry, family, catalog, where }: EntryContext,
): CniError | undefined {
  if (before.has(name)) {
    const message = `pool ${name} is named twice in ${where}: name it once (entry "${entry}" gives it again)`;
    return new CniError(CniCode.badSelection, message);
  }
  return pool === undefined ? unknownPool(name, family, catalog, where) : undefined;
}

function expandEntry(
  entry: string,
  family: Family,
  catalog: PoolCatalog,
  where: string,
): readonly NamedPool[] | CniError {
  if (!isGlob(entry)) return [{ name: entry, pool: catalog.byName.get(entry) }];
  const matches = compileGlob(entry);
  if (matches === undefined) {
    const message = `pattern "${entry}" in ${where} is malformed: write for example "net-*", "net-?" or "net-[a-c]"`;
    return new CniError(CniCode.badSelection, message);
  }
  const matching = catalog.pools.filter(({ pool }) => pool.family === family && matches(pool.name));
  if (matching.length === 0) {
    const message = `pattern "${entry}" in ${where} matches no IPv${family} pool: ${existingPools(family, catalog)}`;
    return new CniError(CniCode.poolUnknown, message);
  }
  return matching.map((pool) => ({ name: pool.pool.name, pool }));
}

function unknownPool(name: string, family: Family, catalog: PoolCatalog, where: string): CniError {
  const message = `pool ${name}, named in ${where}, does not exist: create it or name another; ${existingPools(family, catalog)}`;
  return new CniError(CniCode.poolUnknown, message);
}

function existingPools(family: Family, catalog: PoolCatalog): string {
  const names = catalog.pools.filter(({ pool }) => pool.family === family).map(({ pool }) => pool.name);
  if (names.length === 0) return `there is no IPv${family} pool`;
  const more = names.length > namesInMessageMax ? ` and ${names.length - namesInMessageMax} more` : '';
  return `existing IPv${family} pools: ${names.slice(0, namesInMessageMax).join(', ')}${more}`;
}

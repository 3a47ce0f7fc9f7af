import { setImmediate as nextTurn } from 'node:timers/promises';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { storedCatalog } from '../../../src/cluster/kubernetes/stored-pools.ts';
import { withOverlaps } from '../../../src/cluster/pool-overlaps.ts';
import type { CatalogPool, PoolCatalog } from '../../../src/ipam/pool.ts';
import { PoolCounts } from '../../../src/pool-status/pool-counts.ts';
import type { LeaderView } from '../leader/leader-view.ts';
import type { PoolView } from '../leader/pool-view.ts';

/** Blocks that are counted without letting others have their turn: some 10 ms. */
const blocksATurn = 256;

/** The least time between two looks for overlaps: with a thousand pools of one network it takes a tenth of a second. */
const overlapRestMs = 2_000;

/** What the pools are and how their addresses are used, as the leader's view says, put together when somebody asks. */
export class PoolKnowledge {
  readonly counts = new PoolCounts();
  readonly #view: Pick<LeaderView, 'blocks' | 'pools' | 'reservedIps'>;
  readonly #changedBlocks = new Set<string>();
  readonly #changedPools = new Set<string>();
  #isCatalogDue = true;
  #catalog: PoolCatalog = { pools: [], byName: new Map() };
  /** The specs that are in the catalogue, or were left out of it: UID and generation by name. */
  #versions: ReadonlyMap<string, string> = new Map();
  #isOverlapDue = true;
  #overlapsMs = Number.NEGATIVE_INFINITY;
  #overlaps: ReadonlyMap<string, readonly string[]> = new Map();

  /** @param onChange told that there is something to {@link catchUp} with */
  constructor(view: Pick<LeaderView, 'blocks' | 'pools' | 'reservedIps'>, onChange: () => void) {
    this.#view = view;
    view.blocks.onChange((name, now, before) => {
      // A list tells of everything, changed or not.
      if (now?.resourceVersion === before?.resourceVersion) return;
      this.#changedBlocks.add(name);
      onChange();
    });
    view.pools.onChange((name, now, before) => {
      if (now?.resourceVersion === before?.resourceVersion) return;
      this.#changedPools.add(name);
      this.#isCatalogDue ||= !isSameForDecisions(now, before);
      onChange();
    });
    view.reservedIps.onChange((_name, now, before) => {
      if (structurallyEqual(now, before)) return;
      this.#isCatalogDue = true;
      onChange();
    });
  }

  /** The pool as decisions use it; undefined when they can't, or it is not there. */
  catalogPool(name: string): CatalogPool | undefined {
    return this.#catalog.byName.get(name);
  }

  /** Whether a pool has been taken in as it is. */
  isKnown(pool: PoolView): boolean {
    return this.#versions.get(pool.name) === versionOf(pool);
  }

  /** With which pools a pool overlaps, each in a sentence. */
  overlaps(name: string): readonly string[] {
    return this.#overlaps.get(name) ?? [];
  }

  /**
   * Takes in what has changed.
   *
   * @param nowMs of the clock, in milliseconds since the epoch
   * @returns the pools whose status may be another now
   */
  async catchUp(nowMs: () => number): Promise<ReadonlySet<string>> {
    const changed = new Set(this.#changedPools);
    this.#changedPools.clear();
    let counted = 0;
    for (const name of this.#changedBlocks) {
      this.#changedBlocks.delete(name);
      addAll(changed, this.counts.setBlock(name, this.#view.blocks.items.get(name), nowMs()));
      counted += 1;
      if (counted % blocksATurn === 0) await nextTurn();
    }
    if (this.#isCatalogDue) addAll(changed, this.#rebuild(nowMs()));
    if (this.#isOverlapDue && this.overlapWaitMs === 0) addAll(changed, this.#findOverlaps());
    addAll(changed, this.counts.settle(nowMs()));
    return changed;
  }

  /** Until {@link catchUp} may look for overlaps, in milliseconds; infinity when there is no need. */
  get overlapWaitMs(): number {
    if (!this.#isOverlapDue) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#overlapsMs + overlapRestMs - performance.now());
  }

  #rebuild(nowMs: number): ReadonlySet<string> {
    this.#isCatalogDue = false;
    const { pools, reservedIps } = this.#view;
    const stored = new Map(Array.from(pools.items, ([name, view]) => [name, view.stored]));
    this.#versions = new Map(Array.from(pools.items, ([name, view]) => [name, versionOf(view)]));
    const before = this.#catalog;
    this.#catalog = storedCatalog(stored, [...reservedIps.items.values()], before);
    const isSame =
      before.pools.length === this.#catalog.pools.length &&
      before.pools.every((entry, index) => entry === this.#catalog.pools[index]);
    if (isSame) return new Set();
    this.#isOverlapDue = true;
    const changed = new Set(this.counts.setPools(this.#catalog, nowMs));
    for (const entry of this.#catalog.pools) {
      // Reserved addresses outside of the eligible ones change the counts alone.
      if (before.byName.get(entry.pool.name) !== entry) changed.add(entry.pool.name);
    }
    return changed;
  }

  #findOverlaps(): ReadonlySet<string> {
    this.#isOverlapDue = false;
    this.#overlapsMs = performance.now();
    const before = this.#overlaps;
    const found = withOverlaps(
      new Map(),
      this.#catalog.pools.map(({ pool }) => pool),
    );
    this.#overlaps = new Map(
      Array.from(found, ([name, conditions]) => [name, conditions.map(({ message }) => message)]),
    );
    const names = new Set([...before.keys(), ...this.#overlaps.keys()]);
    return new Set(
      [...names].filter((name) => !structurallyEqual(before.get(name), this.#overlaps.get(name))),
    );
  }
}

function versionOf({ uid, generation, stored }: PoolView): string {
  return JSON.stringify([uid, generation, stored.pool?.hasOriginalRecords, stored.problem]);
}

/** Whether a change of a pool is one of its status alone. */
function isSameForDecisions(now: PoolView | undefined, before: PoolView | undefined): boolean {
  if (now === undefined || before === undefined) return now === before;
  return (
    now.uid === before.uid &&
    now.generation !== undefined &&
    now.generation === before.generation &&
    now.deleting === before.deleting &&
    now.stored.problem === before.stored.problem &&
    now.stored.pool?.hasOriginalRecords === before.stored.pool?.hasOriginalRecords &&
    structurallyEqual(now.annotations, before.annotations) &&
    structurallyEqual(now.labels, before.labels)
  );
}

function addAll(to: Set<string>, names: Iterable<string>): void {
  for (const name of names) to.add(name);
}

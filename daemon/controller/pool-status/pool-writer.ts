import { blocksLedger, ledgerAnnotation, poolFinalizer } from '../../../src/api/names.ts';
import { apiVersion, type Condition } from '../../../src/api/resources.ts';
import type { CatalogPool } from '../../../src/ipam/pool.ts';
import { allocatedText } from '../../../src/pool-status/allocated-text.ts';
import { findConditions, mergeConditions, readConditions } from '../../../src/pool-status/pool-conditions.ts';
import type { PoolCounts } from '../../../src/pool-status/pool-counts.ts';
import { happeningsOf } from '../../../src/pool-status/pool-happenings.ts';
import { jsonCount, type StatusFields, statusChanges } from '../../../src/pool-status/status-changes.ts';
import { WriteBudget, writeIntervalMs } from '../../../src/pool-status/write-pace.ts';
import type { ObjectEvents } from '../../process/object-events.ts';
import { rest } from '../../process/rest.ts';
import { allocatedHash, type PoolView } from '../leader/pool-view.ts';
import type { Turn } from './paced-queue.ts';
import type { PoolDeletion } from './pool-deletion.ts';
import type { PoolObjects } from './pool-objects.ts';

export interface PoolWriterOptions {
  readonly objects: PoolObjects;
  readonly deletion: PoolDeletion;
  readonly counts: PoolCounts;
  readonly events: ObjectEvents;
  /** The pool as decisions use it, if they can. */
  readonly catalogPool: (name: string) => CatalogPool | undefined;
  /** Whether a pool has been taken in as it is. */
  readonly isKnown: (pool: PoolView) => boolean;
  /** With which pools it overlaps, each in a sentence. */
  readonly overlaps: (name: string) => readonly string[];
  /** How many nodes are told of each write. */
  readonly nodes: () => number;
  /** In milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** What a status is to be. */
interface Wanted {
  readonly fields: StatusFields;
  readonly conditions: readonly Condition[];
  readonly mapText: string | undefined;
}

const noTurn: Turn = { restMs: 0, isAgain: false };

/** Makes a pool in the API server what the records say of it: its status, and the marks in its metadata that depend on them. */
export class PoolWriter {
  readonly #options: PoolWriterOptions;
  readonly #budget = new WriteBudget(performance.now());
  /** By name, the maps that were seen on marked pools: those are ours, whoever takes the mark away. */
  readonly #ownMaps = new Map<string, Pick<PoolView, 'uid' | 'allocatedIPsHash'>>();

  constructor(options: PoolWriterOptions) {
    this.#options = options;
  }

  /** Compares a pool with what it should be, and writes what differs. @throws KubeError */
  async write(name: string, signal: AbortSignal): Promise<Turn> {
    if (!(await this.#isWriteDue(name, signal))) return this.#ending(name, signal);
    const pool = await this.#marked(name, signal);
    if (pool === undefined) return noTurn;
    const before = readConditions(pool.status['conditions']);
    const { fields, conditions, mapText } = this.#wanted(pool);
    // The first record may have come this very moment.
    if (mapText !== undefined && !isMarked(pool)) return { restMs: 0, isAgain: true };
    const changes = statusChanges(fields, this.#standing(pool, mapText));
    if (changes !== undefined) {
      const written = await this.#options.objects.patchStatus(pool, changes, signal);
      if (written !== undefined) {
        this.#noteMap(written);
        this.#tell(written, before, conditions);
      }
    }
    const { isAgain, restMs } = await this.#ending(name, signal);
    return { isAgain, restMs: Math.max(restMs, writeIntervalMs(mapText?.length ?? 0)) };
  }

  /** Whether something differs, once it may be written: waiting for that, things change. */
  async #isWriteDue(name: string, signal: AbortSignal): Promise<boolean> {
    const { objects, nodes } = this.#options;
    while (!signal.aborted) {
      const pool = objects.get(name);
      if (pool === undefined) this.#ownMaps.delete(name);
      if (pool === undefined || this.#isLeaving(pool)) return false;
      this.#noteMap(pool);
      const { fields, mapText } = this.#wanted(pool);
      if (
        this.#metadata(pool) === undefined &&
        statusChanges(fields, this.#standing(pool, mapText)) === undefined
      ) {
        return false;
      }
      const waitMs = this.#budget.take(nodes(), performance.now());
      if (waitMs === 0) return true;
      await rest(waitMs, signal);
    }
    return false;
  }

  /** The pool with what has to stand in its metadata before its status is written. */
  async #marked(name: string, signal: AbortSignal): Promise<PoolView | undefined> {
    const { objects } = this.#options;
    const pool = objects.get(name);
    const metadata = pool && this.#metadata(pool);
    if (pool === undefined || metadata === undefined) return pool;
    return objects.patchMetadata(pool, metadata, signal);
  }

  #noteMap(pool: PoolView): void {
    const { name, uid, allocatedIPsHash } = pool;
    if (isMarked(pool)) this.#ownMaps.set(name, { uid, allocatedIPsHash });
  }

  /**
   * What is missing in a pool's metadata: the finalizer where admission was away, and the mark that its map of records is ours, without which
   * agents would take it for records of the original. A mark that somebody took away (`kubectl replace` does) is put back while the map is
   * still the one that stood with it.
   */
  #metadata(pool: PoolView): object | undefined {
    const { name, uid, deleting, finalizers, stored, allocatedIPsHash } = pool;
    const needsFinalizer = !deleting && !finalizers.includes(poolFinalizer);
    const own = this.#ownMaps.get(name);
    const isOwn = own?.uid === uid && own.allocatedIPsHash === allocatedIPsHash;
    const isWanted = stored.pool?.hasOriginalRecords === true ? isOwn : this.#hasRecords(name);
    const needsMark = stored.pool !== undefined && !isMarked(pool) && isWanted;
    if (!needsFinalizer && !needsMark) return undefined;
    return {
      ...(needsFinalizer && { finalizers: [...finalizers, poolFinalizer] }),
      ...(needsMark && { annotations: { [ledgerAnnotation]: blocksLedger } }),
    };
  }

  #hasRecords(name: string): boolean {
    return this.#options.counts.use(name).allocated > 0;
  }

  #wanted(pool: PoolView): Wanted {
    const { name, stored, status, generation, deleting } = pool;
    const { counts, catalogPool, isKnown, overlaps, nowMs } = this.#options;
    // What was changed a moment ago gets its turn when it has been taken in.
    if (!isKnown(pool)) return { fields: {}, conditions: [], mapText: undefined };
    const use = counts.use(name);
    const known = catalogPool(name);
    const problem = stored.problem;
    const hasOriginalRecords = stored.pool?.hasOriginalRecords === true;
    const standing = readConditions(status['conditions']);
    const found = findConditions(
      {
        use,
        problem,
        isDeleting: deleting,
        hasOriginalRecords,
        eligible: known?.range.eligible.size ?? 0n,
        overlaps: overlaps(name),
      },
      standing,
    );
    const conditions = mergeConditions(found, standing, { time: timeText(nowMs()), generation });
    if (known === undefined || problem !== undefined || hasOriginalRecords) {
      return { fields: { conditions }, conditions, mapText: undefined };
    }
    const mapText = allocatedText(counts.records(name));
    const fields = {
      allocatedIPs: mapText ?? null,
      totalIPCount: jsonCount(known.total),
      allocatedIPCount: use.allocated,
      freeIPCount: jsonCount(use.free),
      coolingIPCount: use.cooling,
      suspectIPCount: use.suspect,
      reservedIPCount: jsonCount(known.reserved),
      conditions,
    };
    return { fields, conditions, mapText };
  }

  /** The status as it stands, with the wanted map where that is the one that stands. */
  #standing({ status, allocatedIPsHash }: PoolView, mapText: string | undefined): StatusFields {
    if (allocatedIPsHash === undefined) return status;
    const isSame = mapText !== undefined && allocatedHash(mapText) === allocatedIPsHash;
    return { ...status, allocatedIPs: isSame ? mapText : 'another' };
  }

  /** What is left to do for a pool that is being deleted. */
  async #ending(name: string, signal: AbortSignal): Promise<Turn> {
    const { objects, deletion } = this.#options;
    const pool = objects.get(name);
    if (pool?.deleting === true) deletion.heard(pool);
    if (pool === undefined || !this.#isLeaving(pool)) return noTurn;
    return (await deletion.finish(pool, signal)) ?? noTurn;
  }

  /** Whether only its finalizer keeps a pool: nobody needs its status any more. */
  #isLeaving({ name, deleting, finalizers, stored }: PoolView): boolean {
    if (!deleting || !finalizers.includes(poolFinalizer)) return false;
    return stored.pool?.hasOriginalRecords !== true && !this.#hasRecords(name);
  }

  #tell({ name, uid }: PoolView, before: readonly Condition[], now: readonly Condition[]): void {
    const involved = { apiVersion, kind: 'SpiderIPPool', namespace: '', name, uid };
    for (const happening of happeningsOf(before, now)) this.#options.events.tell(involved, happening);
  }
}

function isMarked({ annotations }: PoolView): boolean {
  return annotations[ledgerAnnotation] === blocksLedger;
}

/** As Kubernetes' metav1.Time: RFC 3339 in UTC, whole seconds. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

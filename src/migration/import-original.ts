import { type Address, familyOf } from '../ip/address.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { type ImportedRecord, RecordImport } from '../ledger/blocks/record-import.ts';
import type { AllocationRecord } from '../ledger/record.ts';
import type { Logger } from '../log/logger.ts';
import { setFinalizers } from './endpoint-finalizers.ts';
import type { MigrationProgress, MigrationReport } from './migration-report.ts';
import { orNote } from './or-note.ts';
import { countKey, type OriginalFacts } from './original-facts.ts';
import { PoolImport } from './pool-import.ts';
import { readEndpoints, readPods } from './read-original-facts.ts';
import { refuseWhileAgentsRun } from './running-agents.ts';
import { listPools } from './stored-pool-object.ts';

/** It is looked again so often whether agents of the original have come back. */
const checkMs = 5_000;

export interface MigrationOptions {
  readonly api: KubeApi;
  /** Tells what would be done, and changes nothing. */
  readonly dryRun: boolean;
  readonly log?: Logger;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly nowMs?: () => number;
  readonly onProgress?: (progress: MigrationProgress) => void;
  /** Ends it: what was done by then stands, and the next try goes on from there. */
  readonly signal: AbortSignal;
}

/**
 * Brings the records of the original, `status.allocatedIPs` of all pools that are not marked, into address blocks; marks each pool
 * when all of its records are there; and takes the original's finalizer off the SpiderEndpoints. Done again it goes on where it was cut
 * off. An address that stands in a map is taken in the blocks by someone before its pool is marked, whatever else is wrong.
 *
 * @throws MigrationError while agents of the original run; KubeError or LedgerError when the API server can't be used; the signal's reason
 */
export async function importOriginal(options: MigrationOptions): Promise<MigrationReport> {
  const { api, dryRun, log, nowMs = Date.now, onProgress, signal } = options;
  const report: MigrationReport = { direction: 'forward', dryRun, pools: [], endpoints: 0, notes: [] };
  await orNote(async () => refuseWhileAgentsRun(api, 'original', signal), report);
  onProgress?.({ phase: 'reading', done: 0 });
  const { names, counts } = await unimportedPools(api, signal);
  if (names.length > 0) {
    const facts: OriginalFacts = {
      endpoints: await readEndpoints(api, signal),
      podsByUid: await readPods(api, signal),
      counts,
    };
    const isInUse = ({ holders }: AllocationRecord): boolean =>
      holders.some(({ uid }) => facts.podsByUid.get(uid)?.isFinished === false);
    const ledger = new RecordImport({ api, nowMs, dryRun, isInUse, signal, ...(log && { log }) });
    const inBlocks = await recordsOf(names, ledger);
    const check = checkEvery(checkMs, async () => {
      if (!dryRun) await refuseWhileAgentsRun(api, 'original', signal);
    });
    for (const [done, name] of names.entries()) {
      onProgress?.({ phase: 'pools', done, total: names.length });
      const poolOptions = { api, ledger, facts, nowMs, dryRun, isInUse, check, signal };
      const migration = await new PoolImport(name, inBlocks.get(name) ?? new Map(), poolOptions).run();
      if (migration !== undefined) report.pools.push(migration);
    }
    onProgress?.({ phase: 'pools', done: names.length, total: names.length });
  }
  if (report.pools.every(({ done }) => done)) {
    report.endpoints = await setFinalizers(api, {
      present: false,
      dryRun,
      signal,
      ...(onProgress && { onProgress }),
    });
  } else {
    report.notes.push('the SpiderEndpoints keep their finalizers until all pools are imported');
  }
  return report;
}

/** The pools that are not imported, by name, and how many records a pod has in them. */
async function unimportedPools(
  api: KubeApi,
  signal: AbortSignal,
): Promise<{ readonly names: readonly string[]; readonly counts: ReadonlyMap<string, number> }> {
  const names: string[] = [];
  const counts = new Map<string, number>();
  for await (const { name, isOurs, allocated } of listPools(api, signal)) {
    if (isOurs || (allocated.ok && allocated.entries.length === 0 && allocated.strange.length === 0))
      continue;
    names.push(name);
    if (!allocated.ok) continue;
    for (const { address, podUid } of allocated.entries) {
      const key = countKey(podUid, familyOf(address));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return { names: names.toSorted(), counts };
}

/** What the blocks have of these pools by now. */
async function recordsOf(
  names: readonly string[],
  ledger: RecordImport,
): Promise<ReadonlyMap<string, Map<Address, ImportedRecord>>> {
  const found = new Map(names.map((name) => [name, new Map<Address, ImportedRecord>()]));
  await ledger.eachRecord((stored) => {
    found.get(stored.record.pool)?.set(stored.record.address, stored);
  });
  return found;
}

/** A check that is made no more often than so. */
function checkEvery(ms: number, check: () => Promise<void>): () => Promise<void> {
  let checkedMs = performance.now();
  return async () => {
    if (performance.now() - checkedMs < ms) return;
    await check();
    checkedMs = performance.now();
  };
}

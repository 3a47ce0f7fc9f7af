import type { StoredPool } from '../cluster/kubernetes/stored-pool.ts';
import { storedCatalog } from '../cluster/kubernetes/stored-pools.ts';
import { endpointOfRecord } from '../endpoints/endpoint-key.ts';
import type { Address } from '../ip/address.ts';
import { type ImportedRecord, RecordImport } from '../ledger/blocks/record-import.ts';
import { EndpointExport, type MovedRecord } from './endpoint-export.ts';
import type { MigrationOptions } from './import-original.ts';
import { refuseWhileControllerLeads } from './leading-controller.ts';
import type { MigrationReport } from './migration-report.ts';
import { orNote } from './or-note.ts';
import { planEntry } from './plan-entry.ts';
import { isUnknownNic } from './plan-record.ts';
import { PoolExport } from './pool-export.ts';
import { readEndpoints, readPods } from './read-original-facts.ts';
import { refuseWhileAgentsRun } from './running-agents.ts';
import { listPools } from './stored-pool-object.ts';

/** Notes about endpoints that are kept. */
const notesMax = 500;

/**
 * Writes the records of address blocks back into `status.allocatedIPs` of their pools, whole, so that the original can take over: first all
 * maps, then the SpiderEndpoints, and only then the marks are taken off the pools, one after the other. The blocks stay as they are; the next
 * import frees of them what the original has given up by then. Done again it goes on where it was cut off.
 *
 * @throws MigrationError while an agent or a controller works; KubeError or LedgerError when the API server can't be used; the signal's reason
 */
export async function exportToOriginal(options: MigrationOptions): Promise<MigrationReport> {
  const { api, dryRun, log, nowMs = Date.now, onProgress, signal } = options;
  const report: MigrationReport = { direction: 'back', dryRun, pools: [], endpoints: 0, notes: [] };
  const check = async (): Promise<void> => {
    await refuseWhileAgentsRun(api, 'ours', signal);
    await refuseWhileControllerLeads(api, signal);
  };
  await orNote(check, report);
  onProgress?.({ phase: 'reading', done: 0 });
  const facts = { endpoints: await readEndpoints(api, signal), podsByUid: await readPods(api, signal) };
  const ledger = new RecordImport({ api, nowMs, dryRun, isInUse: () => true, signal, ...(log && { log }) });
  const byPool = new Map<string, Map<Address, ImportedRecord>>();
  await ledger.eachRecord((stored) => {
    const { pool, address } = stored.record;
    const ofPool = byPool.get(pool) ?? new Map<Address, ImportedRecord>();
    byPool.set(pool, ofPool.set(address, stored));
  });
  const { names, stored } = await ownPools(options);
  const records = new Map<string, MovedRecord[]>();
  const exports = names.map((name) => {
    const moved = [...(byPool.get(name)?.values() ?? [])].map((one) => ({
      stored: one,
      entry: planEntry(one, facts),
    }));
    for (const one of moved) addToEndpoint(records, one);
    const entries = moved.map((one) => noted(one));
    return new PoolExport(name, entries, { api, dryRun, signal });
  });
  for (const [done, one] of exports.entries()) {
    onProgress?.({ phase: 'pools', done, total: exports.length });
    await one.writeRecords();
    report.pools.push(one.migration);
  }
  const onNote = (note: string): void => {
    if (report.notes.length < notesMax) report.notes.push(note);
  };
  const endpointOptions = { api, dryRun, onNote, signal, ...(onProgress && { onProgress }) };
  const catalog = storedCatalog(stored, []);
  report.endpoints = await new EndpointExport({ ...endpointOptions, catalog }).run(records);
  for (const one of exports) await one.handOver();
  const gone = [...byPool.keys()].filter((name) => !stored.has(name));
  for (const name of gone)
    onNote(`pool ${name} does not exist any more: its ${byPool.get(name)?.size} records stay here`);
  return report;
}

/** All pools, and the names of those whose records count here. */
async function ownPools({ api, signal }: MigrationOptions): Promise<{
  readonly names: readonly string[];
  readonly stored: ReadonlyMap<string, StoredPool>;
}> {
  const names: string[] = [];
  const stored = new Map<string, StoredPool>();
  for await (const pool of listPools(api, signal)) {
    stored.set(pool.name, pool.stored);
    if (pool.isOurs) names.push(pool.name);
  }
  return { names: names.toSorted(), stored };
}

function addToEndpoint(records: Map<string, MovedRecord[]>, moved: MovedRecord): void {
  const key = endpointOfRecord(moved.stored.record);
  if (key === undefined) return;
  const ofKey = records.get(key);
  if (ofKey === undefined) records.set(key, [moved]);
  else ofKey.push(moved);
}

function noted({ stored: { record }, entry }: MovedRecord): MovedRecord['entry'] {
  if (!isUnknownNic(record.nic)) return entry;
  return { ...entry, notes: [...entry.notes, 'its NIC is unknown: it is left out of the SpiderEndpoint'] };
}

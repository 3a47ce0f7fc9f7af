import { setTimeout as sleep } from 'node:timers/promises';
import { formatAllocatedIps } from '../api/allocated-ips.ts';
import { formatAddress } from '../ip/address.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import { addNote, emptyPoolMigration, type PoolMigration } from './migration-report.ts';
import type { PlannedEntry } from './plan-entry.ts';
import { guarded, markPool, readPool, type StoredPoolObject } from './stored-pool-object.ts';

/** More than the original allocates in one pool (its SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS). */
const originalRecordsMax = 5_000;

/** etcd takes requests of 1.5 MiB; what its API server adds has some room. */
const objectLengthMax = 1_450_000;

/** How often a pool is begun anew that somebody changes meanwhile. */
const triesMax = 10;
const againMs = 300;

interface PoolExportOptions {
  readonly api: KubeApi;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Writes the records of one pool into its status, and then takes the mark off it. */
export class PoolExport {
  readonly migration: PoolMigration;
  readonly #entries: readonly PlannedEntry[];
  readonly #text: string | undefined;
  readonly #options: PoolExportOptions;

  constructor(name: string, entries: readonly PlannedEntry[], options: PoolExportOptions) {
    this.migration = emptyPoolMigration(name);
    this.#entries = entries;
    this.#text = formatAllocatedIps(entries);
    this.#options = options;
  }

  /**
   * Writes `status.allocatedIPs`, whole. While the pool is marked it counts for nobody.
   * @throws KubeError, or the signal's reason
   */
  async writeRecords(): Promise<void> {
    const { migration } = this;
    migration.records = this.#entries.length;
    for (const { address, notes } of this.#entries) {
      for (const note of notes) addNote(migration, `${formatAddress(address)}: ${note}`);
    }
    if (this.#entries.length > originalRecordsMax) {
      addNote(
        migration,
        `it has ${this.#entries.length} records: the original gives no address of it before it has fewer than ${originalRecordsMax}, unless SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS is raised`,
      );
    }
    await this.#eachTry(async (pool) => {
      const length = pool.restLength + JSON.stringify(this.#text ?? '').length;
      if (length > objectLengthMax) {
        migration.problem = `its ${this.#entries.length} records make an object of ${length} bytes, and the API server stores ${objectLengthMax}: it stays here; remove pods that use it, or split it, and try again`;
        return true;
      }
      if (this.#hasRecords(pool)) {
        migration.standing = this.#entries.length;
        return true;
      }
      migration.written = this.#entries.length;
      return this.#options.dryRun || this.#writeStatus(pool);
    });
  }

  /** Gives the pool to the original, if its status is as it was written. @throws KubeError, or the signal's reason */
  async handOver(): Promise<void> {
    const { api, dryRun, signal } = this.#options;
    if (this.migration.problem !== undefined) return;
    if (dryRun) {
      this.migration.done = true;
      return;
    }
    await this.#eachTry(async (pool) => {
      if (!this.#hasRecords(pool)) {
        this.migration.problem =
          'its status was changed meanwhile: somebody still works on it; stop that, and try again';
        return true;
      }
      return markPool(api, pool, null, signal);
    });
    this.migration.done = this.migration.problem === undefined;
  }

  /** Repeats until it has worked, or the pool is gone or handed over. */
  async #eachTry(work: (pool: StoredPoolObject) => Promise<boolean>): Promise<void> {
    const { api, signal } = this.#options;
    for (let tries = 1; ; tries++) {
      const pool = await readPool(api, this.migration.pool, signal);
      if (pool === undefined || (tries > 1 && !pool.isOurs)) return;
      if (await work(pool)) return;
      if (tries === triesMax) {
        this.migration.problem = 'it is changed all the time: stop what works on it, and try again';
        return;
      }
      await sleep(againMs, undefined, { signal });
    }
  }

  #hasRecords({ allocated }: StoredPoolObject): boolean {
    return (
      allocated.ok && allocated.strange.length === 0 && formatAllocatedIps(allocated.entries) === this.#text
    );
  }

  async #writeStatus({ name, resourceVersion }: StoredPoolObject): Promise<boolean> {
    const { api, signal } = this.#options;
    const status = { allocatedIPs: this.#text ?? null, allocatedIPCount: this.#entries.length };
    const path = `${resourcePath(kubeResources.pools, { name })}/status`;
    const body = { metadata: { resourceVersion }, status };
    return guarded(api.request({ method: 'PATCH', path, body, signal }));
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedCluster } from '../../src/cluster/embedded-cluster.ts';
import { type RememberedFiles, resolvePoolFiles } from '../../src/cluster/pool-files.ts';
import type { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import type { Logger } from '../../src/log/logger.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { readManifestFiles, readSignature } from './manifest-files.ts';

/** A file is read when nothing has changed for this time, so that a write in several steps is seen as one. */
const settleMs = 200;

/** A file that is written without end must not keep the others from being read. */
const settleRoundsMax = 10;

/** The folder is looked at this often even when the kernel tells nothing (a folder that appears later, network file systems). */
const rescanMs = 2_000;

const fileKey = (name: string): string => `file:${name}`;
const retiredKey = (name: string): string => `retired:${name}`;

/** What a PoolFolder works with. */
export interface PoolFolderOptions {
  readonly folder: string;
  readonly cluster: EmbeddedCluster;
  readonly log: Logger;
}

/** What is needed of the ledger: it remembers texts, and knows whether a pool has records. */
export type PoolFolderLedger = Pick<
  SqliteLedger,
  'readDocuments' | 'writeDocument' | 'deleteDocument' | 'usage'
>;

/** Keeps the pools of a cluster-less agent as the manifests in a folder say. */
export class PoolFolder {
  readonly #options: PoolFolderOptions;
  #ledger: PoolFolderLedger | undefined;
  #remembered: RememberedFiles = { good: new Map(), retired: new Map() };
  /** What of it is in the ledger. */
  #stored: RememberedFiles = this.#remembered;
  #signature: string | undefined;
  #problems: readonly string[] = [];
  #warnings: readonly string[] = [];

  constructor(options: PoolFolderOptions) {
    this.#options = options;
  }

  /** What is wrong in the folder now, and what is hardly meant so, for people. */
  get problems(): readonly string[] {
    return [...this.#problems, ...this.#warnings.map((warning) => `warning: ${warning}`)];
  }

  /** Reads what was remembered in the ledger, and then the folder; what is wrong in the folder is reported, not thrown. */
  async load(ledger: PoolFolderLedger, signal?: AbortSignal): Promise<void> {
    if (this.#ledger === undefined) {
      const documents = await ledger.readDocuments();
      const texts = (prefix: string): Map<string, string> =>
        new Map(
          documents
            .filter(({ name }) => name.startsWith(prefix))
            .map(({ name, text }) => [name.slice(prefix.length), text]),
        );
      this.#remembered = { good: texts(fileKey('')), retired: texts(retiredKey('')) };
      this.#stored = this.#remembered;
      this.#ledger = ledger;
    }
    await this.#rescan(ledger, signal);
  }

  /** Follows changes of the folder until the signal is aborted. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    let wake = Promise.withResolvers<void>();
    const watcher = new FolderWatcher(this.#options.folder, () => wake.resolve());
    try {
      while (!signal.aborted) {
        watcher.ensure();
        const period = sleep(rescanMs, undefined, { signal, ref: false }).catch(() => undefined);
        await Promise.race([wake.promise, period]);
        if (signal.aborted) return;
        wake = Promise.withResolvers<void>();
        if (this.#ledger === undefined) continue;
        await this.#rescan(this.#ledger, signal).catch((error: unknown) =>
          this.#options.log.error({ err: error }, 'pool folder could not be followed'),
        );
      }
    } finally {
      watcher.close();
    }
  }

  async #rescan(ledger: PoolFolderLedger, signal?: AbortSignal): Promise<void> {
    const signature = await this.#settledSignature(signal);
    if (signal?.aborted) return;
    if (signature !== this.#signature) await this.#reload(signature, ledger);
    else await this.#remember(this.#remembered, ledger);
    await this.#dropEmptyRetired(ledger);
  }

  /** The folder's signature, once nothing in it has been written for a moment, or when the signal is aborted. */
  async #settledSignature(signal: AbortSignal | undefined): Promise<string> {
    for (let round = 0; ; round += 1) {
      const { text, newestMs } = await readSignature(this.#options.folder);
      const isFresh = Math.abs(Date.now() - newestMs) < settleMs;
      if (text === this.#signature || !isFresh || round === settleRoundsMax) return text;
      await sleep(settleMs, undefined, { signal }).catch(() => undefined);
      if (signal?.aborted) return text;
    }
  }

  async #reload(signature: string, ledger: PoolFolderLedger): Promise<void> {
    const { folder, cluster, log } = this.#options;
    const { files, problems } = await readManifestFiles(folder);
    const resolved = resolvePoolFiles(files, this.#remembered);
    this.#problems = [...problems, ...resolved.problems];
    this.#warnings = resolved.warnings;
    this.#signature = signature;
    cluster.update(resolved);
    for (const problem of this.#problems) log.error({ folder, problem }, 'bad pool manifest');
    for (const warning of this.#warnings) log.warn({ folder, warning }, 'doubtful pool manifest');
    for (const note of resolved.notes) log.info({ folder, note }, 'note on pool manifests');
    this.#logConditions();
    await this.#remember(resolved.remembered, ledger);
    const names = cluster.catalog().pools.map(({ pool }) => pool.name);
    log.info({ folder, pools: names.slice(0, 100), count: names.length }, 'pools are in force');
  }

  #logConditions(): void {
    const { cluster, log } = this.#options;
    for (const { pool } of cluster.catalog().pools) {
      for (const condition of cluster.conditions(pool.name))
        log.warn({ pool: pool.name, ...condition }, 'pool condition');
    }
  }

  /** Writes to the ledger what has to outlive this process. What can't be written now is written with a later look. */
  async #remember(next: RememberedFiles, ledger: PoolFolderLedger): Promise<void> {
    this.#remembered = next;
    if (next === this.#stored) return;
    try {
      await saveTexts(ledger, fileKey, this.#stored.good, next.good);
      await saveTexts(ledger, retiredKey, this.#stored.retired, next.retired);
      this.#stored = next;
    } catch (error) {
      this.#options.log.error({ err: error }, 'pool manifests could not be remembered');
    }
  }

  /** Forgets the retired pools that have no record left. */
  async #dropEmptyRetired(ledger: PoolFolderLedger): Promise<void> {
    if (this.#remembered.retired.size === 0) return;
    const { byName } = this.#options.cluster.catalog();
    const ranges = [...this.#remembered.retired.keys()].flatMap((name) => byName.get(name)?.range ?? []);
    const usage = await ledger.usage(ranges);
    const empty = new Set(usage.filter(({ allocated }) => allocated === 0).map(({ pool }) => pool));
    if (empty.size === 0) return;
    const retired = new Map([...this.#remembered.retired].filter(([name]) => !empty.has(name)));
    await this.#remember({ ...this.#remembered, retired }, ledger);
    await this.#reload(this.#signature ?? '', ledger);
  }
}

async function saveTexts(
  ledger: PoolFolderLedger,
  key: (name: string) => string,
  before: ReadonlyMap<string, string>,
  next: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [name, text] of next) {
    if (before.get(name) !== text) await ledger.writeDocument(key(name), text);
  }
  for (const name of before.keys()) {
    if (!next.has(name)) await ledger.deleteDocument(key(name));
  }
}

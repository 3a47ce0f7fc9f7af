import { isObject } from '../../api/decode.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { Reflector } from '../../kube/reflector.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import { DueNames } from './due-names.ts';
import { MalformedObjectError } from './malformed-object.ts';
import { parseMetadata } from './object-metadata.ts';
import { poolFingerprint } from './pool-fingerprint.ts';
import { isNotFound } from './read-object.ts';
import { SharedReads } from './shared-reads.ts';
import { readStoredPool, type StoredPool } from './stored-pool.ts';

/** Pools of a page: each may have the 1.5 MiB that etcd takes, and an answer may have 64 MiB. */
const pageSize = 40;

/** Pools that are read at the same time. */
const readsMax = 4;

/** When this part of all pools has to be read, a list is cheaper than many requests. */
const listShare = 1 / 4;

/** A pool whose records were not imported is read again for changes of its status, but not each time the original changes it. */
const recordsPauseMs = 5_000;

/** Pause before a failed reading is tried again: doubled each time, with jitter. */
const retryMs = { first: 200, max: 30_000 } as const;

/** Looks for pools that are not known: so many in a row, and one more with each such time. A wrong name is asked for again and again. */
const looksMax = 10;
const lookRefillMs = 2_000;

/** A look is worth so long a wait to who asks for a pool. */
const lookMs = 3_000;

/** Pools that a look reads at most; more than that the watch is about to tell. */
const lookedAtMax = 16;

/** A pool that was read before the watch told of it: what the watch has not told by then was deleted in between. */
const aheadMsMax = 10_000;

/** What the watch holds of a pool. */
interface PoolMetadata {
  readonly name: string;
  readonly fingerprint: string;
  readonly resourceVersion: string;
}

/** A pool as it was read last. */
type ReadPool = StoredPool & Omit<PoolMetadata, 'name'>;

type NamedPool = ReadPool & Pick<PoolMetadata, 'name'>;

/** What the pools are read with. */
export interface PoolWatchOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  /** Called after each change. */
  onChange(): void;
  /**
   * Called when the original's records of pools were imported, before the pools are used: they may be of this node. When it
   * rejects, the pools stay as they were, and are read again.
   */
  readonly onImported?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * The pools of the cluster. Only their metadata is watched: a pool's status can have hundreds of kilobytes and changes with
 * every pod, so a pool is read whole only when something else of it has changed.
 */
export class PoolWatch {
  readonly #options: PoolWatchOptions;
  readonly #watch: Reflector<PoolMetadata>;
  readonly #read = new Map<string, ReadPool>();
  readonly #due = new DueNames();
  readonly #looks = new SharedReads<void>();
  #looksLeft = looksMax;
  #refilledMs = performance.now();
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;

  constructor(options: PoolWatchOptions) {
    this.#options = options;
    this.#watch = new Reflector({
      api: options.api,
      log: options.log,
      name: 'pools',
      path: resourcePath(kubeResources.pools),
      view: 'metadata',
      parse: parsePoolMetadata,
      keyOf: ({ name }) => name,
      onChange: (name, now) => this.#changed(name, now),
    });
  }

  /** Watches and reads until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#watch.run(signal), this.#follow(signal)]);
  }

  /** Waits until every pool has been read once. */
  synced(signal: AbortSignal): Promise<void> {
    return waitOrAbort(this.#ready.promise, signal);
  }

  /** Whether every pool has been read once. */
  get isSynced(): boolean {
    return this.#isReady;
  }

  /** All pools as they were read last, by name. */
  get pools(): ReadonlyMap<string, StoredPool> {
    return this.#read;
  }

  /** Reads pools that were made or changed just now, before the watch tells of them. Never fails but by the signal. */
  async catchUp(signal: AbortSignal): Promise<void> {
    try {
      await this.#looks.get('', signal, async (shared) => {
        if (this.#mayLook()) await this.#look(shared);
      });
    } catch (error) {
      signal.throwIfAborted();
      this.#options.log.debug({ err: error }, 'could not look for new pools');
    }
  }

  #mayLook(): boolean {
    const refilled = Math.floor((performance.now() - this.#refilledMs) / lookRefillMs);
    this.#looksLeft = Math.min(looksMax, this.#looksLeft + refilled);
    this.#refilledMs += refilled * lookRefillMs;
    if (this.#looksLeft === 0) return false;
    this.#looksLeft -= 1;
    return true;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const path = resourcePath(kubeResources.pools);
    const limits = { tryTimeoutMs: lookMs, retryForMs: 0, signal };
    const list = await this.#options.api.request({ method: 'GET', path, view: 'metadata', ...limits });
    const unknown = parsePage(list)
      .items.map(parsePoolMetadata)
      .filter((pool) => this.#readDelayMs(pool) === 0);
    for (const { name } of unknown.slice(0, lookedAtMax)) {
      const one = resourcePath(kubeResources.pools, { name });
      const object = await this.#options.api.request({ method: 'GET', path: one, ...limits });
      await this.#acceptAll([object], signal, { isAhead: true });
    }
  }

  #changed(name: string, now: PoolMetadata | undefined): void {
    if (now === undefined) {
      this.#due.delete(name);
      if (this.#read.delete(name)) this.#options.onChange();
      this.#noteReady();
    } else {
      const delayMs = this.#readDelayMs(now);
      if (delayMs !== undefined) this.#due.add(name, performance.now() + delayMs);
    }
  }

  /** How long the next reading of a pool may wait; undefined when what is known is enough. */
  #readDelayMs({ name, fingerprint, resourceVersion }: PoolMetadata): number | undefined {
    const read = this.#read.get(name);
    if (read?.fingerprint !== fingerprint) return 0;
    const hasRecords = read.pool?.hasOriginalRecords === true;
    return hasRecords && read.resourceVersion !== resourceVersion ? recordsPauseMs : undefined;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    await this.#watch.synced(signal).catch(() => undefined);
    let pauseMs: number = retryMs.first;
    while (!signal.aborted) {
      this.#noteReady();
      await this.#due.wait(signal);
      if (signal.aborted) return;
      const names = this.#due.take(performance.now()).filter((name) => this.#isOutdated(name));
      const failed = await this.#readAgain(names, signal);
      const retryAtMs = performance.now() + pauseMs * (0.5 + Math.random() / 2);
      for (const name of failed) this.#due.add(name, retryAtMs);
      pauseMs = failed.length === 0 ? retryMs.first : Math.min(pauseMs * 2, retryMs.max);
    }
  }

  /** A reading before may have shown what the watch told only afterwards. */
  #isOutdated(name: string): boolean {
    const watched = this.#watch.items.get(name);
    if (watched === undefined && this.#read.delete(name)) this.#options.onChange();
    return watched !== undefined && this.#readDelayMs(watched) !== undefined;
  }

  /** @returns the names that could not be read */
  async #readAgain(names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (names.length > 1 && names.length >= this.#watch.items.size * listShare) {
      const isRead = await this.#attempt(names, () => this.#readAll(signal), signal);
      return isRead ? [] : names;
    }
    const queue = [...names];
    const failed: string[] = [];
    const worker = async (): Promise<void> => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const one = name;
        if (!(await this.#attempt([one], () => this.#readOne(one, signal), signal))) failed.push(one);
      }
    };
    await Promise.all(Array.from({ length: readsMax }, worker));
    return failed;
  }

  async #attempt(pools: readonly string[], read: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      const [pool] = pools;
      if (!signal.aborted)
        this.#options.log.warn({ err: error, pool, pools: pools.length }, 'pools could not be read');
      return false;
    }
  }

  async #readOne(name: string, signal: AbortSignal): Promise<void> {
    const path = resourcePath(kubeResources.pools, { name });
    try {
      await this.#acceptAll([await this.#options.api.request({ method: 'GET', path, signal })], signal);
    } catch (error) {
      // It was deleted, and the watch will tell.
      if (!isNotFound(error)) throw error;
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const path = resourcePath(kubeResources.pools);
    let next: string | undefined;
    do {
      const query = { limit: pageSize, continue: next };
      const page = await this.#options.api.request({ method: 'GET', path, query, signal });
      const { items, rest } = parsePage(page);
      await this.#acceptAll(items, signal);
      next = rest;
    } while (next !== undefined);
  }

  async #acceptAll(
    objects: readonly unknown[],
    signal: AbortSignal,
    options: { readonly isAhead?: boolean } = {},
  ): Promise<void> {
    // Of a whole list most pools are as they were: only what has changed is worth its parsing.
    const pools = objects.flatMap((object): NamedPool[] => {
      const metadata = parsePoolMetadata(object);
      const isKnown = this.#read.get(metadata.name)?.resourceVersion === metadata.resourceVersion;
      return isKnown ? [] : [{ ...metadata, ...readStoredPool(object) }];
    });
    if (pools.some((pool) => this.#isImported(pool))) await this.#options.onImported?.(signal);
    for (const pool of pools) this.#accept(pool, options);
  }

  /**
   * Whether a pool says for the first time that its records are in the ledger. What was heard of it before decides nothing: the
   * original's records may have come and been imported unnoticed, since changes of a status are not followed.
   */
  #isImported({ name, pool }: NamedPool): boolean {
    // Before all are read nobody is served, and the records of this node are read after that.
    if (!this.#isReady || pool?.isInBlocks !== true) return false;
    return this.#read.get(name)?.pool?.isInBlocks !== true;
  }

  /** Only what the watch knows: what it does not know was deleted since, or is new and will be told. Ahead of it only for a while. */
  #accept({ name, ...read }: NamedPool, { isAhead = false }: { readonly isAhead?: boolean }): void {
    if (!this.#watch.items.has(name)) {
      if (!isAhead) return;
      this.#due.add(name, performance.now() + aheadMsMax);
    }
    const { problem } = read;
    if (problem !== undefined && problem !== this.#read.get(name)?.problem) {
      this.#options.log.warn({ pool: name, problem }, 'bad pool, it is not used');
    }
    this.#read.set(name, read);
    this.#options.onChange();
  }

  #noteReady(): void {
    if (this.#isReady || !this.#watch.isSynced) return;
    for (const name of this.#watch.items.keys()) if (!this.#read.has(name)) return;
    this.#isReady = true;
    this.#ready.resolve();
  }
}

function parsePoolMetadata(object: unknown): PoolMetadata {
  const metadata = parseMetadata(object);
  const { name, resourceVersion } = metadata;
  return { name, resourceVersion, fingerprint: poolFingerprint(metadata) };
}

function parsePage(list: unknown): { readonly items: readonly unknown[]; readonly rest: string | undefined } {
  const items: unknown = isObject(list) ? list['items'] : undefined;
  if (!isObject(list) || !Array.isArray(items)) throw new MalformedObjectError('a list has no items');
  const rest = isObject(list['metadata']) ? list['metadata']['continue'] : undefined;
  return { items, rest: typeof rest === 'string' && rest !== '' ? rest : undefined };
}

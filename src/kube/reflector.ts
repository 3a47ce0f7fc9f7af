import { pause } from '../async/pause.ts';
import { waitOrAbort } from '../async/wait-or-abort.ts';
import type { Logger } from '../log/logger.ts';
import { type KubeApi, KubeError, type WatchEvent } from './kube-api.ts';
import { statusText } from './kube-failure.ts';
import { continueOf, itemsOf, objectKey, resourceVersionOf } from './list-objects.ts';

/** Keeps an answer of 10,000 pods from being one text of 100 MB. */
const pageSize = 500;

/** First wait after a failure, doubled with each further one in a row. */
const backOffMsMin = 100;
const doublingsMax = 10;

/**
 * The longest waits. A try that reaches nobody costs nobody anything, and what is missed while nobody is reached has to be known soon
 * after; an API server that is in trouble gets more time, and one that refuses will mostly go on refusing.
 */
const backOffMsMax = { unreachable: 5_000, troubled: 10_000, refused: 30_000 } as const;

/** Failures that still count when an API server answers again that was away, even if it answers with an error. */
const failuresOnReturn = 2;

/** A watch that lives for shorter is no success: an API server that ends each at once is not asked in a tight loop. */
const livelyMs = 5_000;

/**
 * A watch that hears nothing for so long, not even the bookmark at its end, is not trusted: an etcd that was restored counts versions
 * anew, and an API server lets a watch wait for a version that has yet to come.
 */
const deafMs = 170_000;

/** What a failure says of the API server: away, there but not able, or there and not willing. */
type Failure = keyof typeof backOffMsMax;

/** What a {@link Reflector} reflects, and whom it tells. */
export interface ReflectorOptions<T> {
  readonly api: KubeApi;
  /** Path of a collection. */
  readonly path: string;
  /** `fieldSelector`, `labelSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /** @default 'whole' */
  readonly view?: 'whole' | 'metadata';
  /** What is kept of an object; undefined to ignore it. When it throws, what was kept before stays, and the error is logged. */
  parse(object: unknown): T | undefined;
  /** Key of an item: its `objectKey()`, `namespace/name` or for what has no namespace `name`. */
  keyOf(item: T): string;
  /** Called after each change, and for each item of each list. Must not throw; when it does, that is logged. */
  onChange?(key: string, now: T | undefined, before: T | undefined): void;
  readonly log: Logger;
  /** For messages. */
  readonly name: string;
  /** Longest wait between two tries, milliseconds. @default 5_000 to 30_000, by what failed */
  readonly backOffMsMax?: number;
}

/**
 * A copy in memory of what a collection of the API server holds, kept up to date by a watch. It survives whatever the network and the
 * API server do, and never goes back in time: every list is a consistent reading (Kubernetes API concepts, "Resource versions").
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #items = new Map<string, T>();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #lastHeardMs = Number.NEGATIVE_INFINITY;
  /** Where the next watch goes on; undefined when a list has to come first. */
  #resourceVersion: string | undefined;
  #failures = 0;
  #lastFailure: Failure | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** What is there, by key. */
  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  /** Whether a whole list was read. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** When the API server was last heard, by performance.now(); minus infinity before. It may say nothing for minutes when all is well. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /**
   * Waits for the first whole list.
   *
   * @throws the signal's reason when it is aborted first
   */
  async synced(signal: AbortSignal): Promise<void> {
    if (!this.#isSynced) await waitOrAbort(this.#synced.promise, signal);
  }

  /** Reflects until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        else await this.#watch(this.#resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#backOff(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { api, path, query, view } = this.#options;
    const found = new Map<string, T>();
    let next: string | undefined;
    let page: unknown;
    do {
      page = await api.request({
        method: 'GET',
        path,
        query: { ...query, limit: pageSize, continue: next },
        ...(view === undefined ? {} : { view }),
        signal,
        // Trying again is this class's own work.
        retryForMs: 0,
      });
      this.#lastHeardMs = performance.now();
      for (const object of itemsOf(page)) {
        const read = this.#read(object);
        if (read.item !== undefined) found.set(read.key, read.item);
      }
      next = continueOf(page);
    } while (next !== undefined);
    const resourceVersion = resourceVersionOf(page);
    if (resourceVersion === undefined) throw new Error('a list has no resourceVersion');
    this.#replace(found);
    this.#resourceVersion = resourceVersion;
    this.#isSynced = true;
    this.#synced.resolve();
  }

  #replace(found: ReadonlyMap<string, T>): void {
    for (const key of this.#items.keys()) {
      if (!found.has(key)) this.#set(key, undefined);
    }
    for (const [key, item] of found) this.#set(key, item);
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { api, path, query, view } = this.#options;
    const startedMs = performance.now();
    let heardMs = startedMs;
    try {
      const events = api.watch({
        path,
        query: { ...query, resourceVersion },
        ...(view === undefined ? {} : { view }),
        signal,
      });
      for await (const event of events) {
        heardMs = performance.now();
        this.#lastHeardMs = heardMs;
        this.#apply(event);
        this.#failures = 0;
      }
    } catch (error) {
      // Gone: the API server does not know so old a version any more.
      if (error instanceof KubeError && (error.status === 410 || error.reason === 'Expired')) {
        this.#resourceVersion = undefined;
      }
      throw error;
    } finally {
      const nowMs = performance.now();
      if (nowMs - heardMs > deafMs) this.#resourceVersion = undefined;
      if (nowMs - startedMs > livelyMs) this.#failures = 0;
    }
    if (heardMs === startedMs && performance.now() - startedMs < livelyMs) {
      throw new Error('the watch ended as soon as it began');
    }
  }

  #apply({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      // What was missed is not known, whatever the reason is.
      this.#resourceVersion = undefined;
      const { reason, message } = statusText(object);
      throw new Error(`the watch ended: ${reason} ${message}`.trimEnd());
    }
    if (type !== 'BOOKMARK') {
      const { key, item } = this.#read(object);
      this.#set(key, type === 'DELETED' ? undefined : item);
    }
    this.#resourceVersion = resourceVersionOf(object) ?? this.#resourceVersion;
  }

  /** What is to be kept of an object: its projection, or what was kept before where that can't be made. */
  #read(object: unknown): { readonly key: string; readonly item: T | undefined } {
    const { log, name } = this.#options;
    try {
      const item = this.#options.parse(object);
      return { key: item === undefined ? objectKey(object) : this.#options.keyOf(item), item };
    } catch (error) {
      const key = objectKey(object);
      log.warn({ err: error, reflector: name, key }, 'ignored an object that can not be read');
      return { key, item: this.#items.get(key) };
    }
  }

  #set(key: string, now: T | undefined): void {
    const before = this.#items.get(key);
    if (now === undefined && before === undefined) return;
    if (now === undefined) this.#items.delete(key);
    else this.#items.set(key, now);
    const { log, name } = this.#options;
    try {
      this.#options.onChange?.(key, now, before);
    } catch (error) {
      log.error({ err: error, reflector: name, key }, 'a listener failed');
    }
  }

  async #backOff(error: unknown, signal: AbortSignal): Promise<void> {
    const failure = failureOf(error);
    const isBack = this.#lastFailure === 'unreachable' && failure !== 'unreachable';
    if (isBack) this.#failures = Math.min(this.#failures, failuresOnReturn);
    this.#lastFailure = failure;
    const mostMs = this.#options.backOffMsMax ?? backOffMsMax[failure];
    const fullMs = Math.min(backOffMsMin * 2 ** Math.min(this.#failures, doublingsMax), mostMs);
    const askedMs = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const delayMs = askedMs + fullMs * (1 - Math.random() / 2);
    this.#failures += 1;
    this.#tell(error, delayMs);
    await pause(delayMs, signal);
  }

  /** One cut is nothing to speak of: a restart of the API server, an end of its patience. A long outage is told ever more rarely. */
  #tell(error: unknown, delayMs: number): void {
    const { log, name } = this.#options;
    const failures = this.#failures;
    const reason = error instanceof Error ? error.message : String(error);
    const isTold = failures > 1 && Number.isInteger(Math.log2(failures));
    log[isTold ? 'warn' : 'debug'](
      { reason, reflector: name, failures, delayMs: Math.round(delayMs) },
      failures === 1 ? 'lost the API server' : 'can not follow the API server',
    );
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof KubeError)) return 'troubled';
  const { status } = error;
  if (status === 0) return 'unreachable';
  return status >= 500 || status === 410 || status === 429 ? 'troubled' : 'refused';
}

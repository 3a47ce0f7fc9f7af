import { type NodeView, parseNodeView } from '../../../src/cluster/kubernetes/node-view.ts';
import { type PodLife, parsePodLife } from '../../../src/cluster/kubernetes/pod-life.ts';
import { isNotFound } from '../../../src/cluster/kubernetes/read-object.ts';
import { isNodeName, isPodName } from '../../../src/collection/object-names.ts';
import { type PodCounts, planReadings } from '../../../src/collection/reading-plan.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { continueOf, itemsOf, objectKey } from '../../../src/kube/list-objects.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { restarting } from '../../../src/ledger/blocks/block-api.ts';
import type { PodName } from '../../../src/ledger/record.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { Limiter } from '../../process/limiter.ts';

/** Half of the connections of the client: whatever else the leader does goes on beside. */
const readingsMax = 16;
/** After so many failures the API server is not able now, and the rest is left to another pass. */
const failuresMax = 8;
/** One reading is a matter of milliseconds, a page of a list of a tenth of a second; the API server may be busy. */
const tryTimeoutMs = 5_000;
const pageTimeoutMs = 10_000;
const retryForMs = 3_000;
/** Keeps an answer of a namespace of 10,000 pods from being one text of 100 MB. */
const pageSize = 500;

/** What a reading has shown: the object, or that there is none. */
export interface Reading<T> {
  readonly found: T | undefined;
}

export interface ClusterReadingsOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly counts: PodCounts;
  /** Ends the readings; what was not read by then is not known. */
  readonly signal: AbortSignal;
}

/**
 * Quorum readings of pods and nodes, for one pass of the garbage collection: each object once, many of one namespace as one list.
 * What can't be read is not known.
 */
export class ClusterReadings {
  readonly #options: ClusterReadingsOptions;
  readonly #limiter = new Limiter(readingsMax);
  readonly #pods = new Map<string, Reading<PodLife>>();
  readonly #nodes = new Map<string, Reading<NodeView>>();
  #failures = 0;

  constructor(options: ClusterReadingsOptions) {
    this.#options = options;
  }

  /** What could not be read, and was to be. */
  get failures(): number {
    return this.#failures;
  }

  /** A reading of this pass; undefined when it was not made or has failed. */
  pod({ namespace, name }: PodName): Reading<PodLife> | undefined {
    return isPodName(namespace, name) ? this.#pods.get(`${namespace}/${name}`) : { found: undefined };
  }

  /** A reading of this pass; undefined when it was not made or has failed. */
  node(name: string): Reading<NodeView> | undefined {
    return isNodeName(name) ? this.#nodes.get(name) : { found: undefined };
  }

  /** Reads those of these pods that were not read yet. Never rejects. */
  async readPods(pods: Iterable<PodName>): Promise<void> {
    const wanted = [...pods].filter((pod) => this.pod(pod) === undefined);
    const { isWhole, namespaces, pods: single } = planReadings(wanted, this.#options.counts);
    const byNamespace = Map.groupBy(wanted, ({ namespace }) => namespace);
    await Promise.all([
      ...(isWhole ? [this.#tryTo('all pods', () => this.#list({}, wanted))] : []),
      ...namespaces.map((namespace) =>
        this.#tryTo(`pods of ${namespace}`, () =>
          this.#list({ namespace }, byNamespace.get(namespace) ?? []),
        ),
      ),
      ...single.map((pod) =>
        this.#tryTo(`pod ${keyOf(pod)}`, async () => {
          const path = resourcePath(kubeResources.pods, pod);
          this.#pods.set(keyOf(pod), await this.#read(path, parsePodLife));
        }),
      ),
    ]);
  }

  /** Reads those of these nodes that were not read yet. Never rejects. */
  async readNodes(names: Iterable<string>): Promise<void> {
    const wanted = [...new Set(names)].filter((name) => this.node(name) === undefined);
    await Promise.all(
      wanted.map((name) =>
        this.#tryTo(`node ${name}`, async () => {
          const path = resourcePath(kubeResources.nodes, { name });
          this.#nodes.set(name, await this.#read(path, parseNodeView));
        }),
      ),
    );
  }

  async #tryTo(what: string, read: () => Promise<void>): Promise<void> {
    const { signal, log } = this.#options;
    await this.#limiter.run(async () => {
      if (signal.aborted || this.#failures >= failuresMax) return;
      try {
        await read();
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        log.debug({ err: error, what }, 'could not be read, counts as living');
      }
    });
  }

  async #read<T>(path: string, parse: (object: unknown) => T): Promise<Reading<T>> {
    const { api, signal } = this.#options;
    try {
      return { found: parse(await api.request({ method: 'GET', path, signal, tryTimeoutMs, retryForMs })) };
    } catch (error) {
      if (isNotFound(error)) return { found: undefined };
      throw error;
    }
  }

  /** Every page is of one state of the store, the one of the first page. */
  async #list(scope: { readonly namespace?: string }, pods: readonly PodName[]): Promise<void> {
    const { api, signal } = this.#options;
    const path = resourcePath(kubeResources.pods, scope);
    const wanted = new Set(pods.map(keyOf));
    const found = await restarting(async () => {
      const readings = new Map<string, Reading<PodLife> | undefined>();
      let next: string | undefined;
      do {
        const page = await api.request({
          method: 'GET',
          path,
          query: { limit: pageSize, continue: next },
          signal,
          tryTimeoutMs: pageTimeoutMs,
          retryForMs,
        });
        for (const object of itemsOf(page)) {
          const key = objectKey(object);
          if (wanted.has(key)) readings.set(key, this.#parsed(object, key));
        }
        next = continueOf(page);
      } while (next !== undefined);
      return readings;
    });
    for (const key of wanted) {
      const reading = found.has(key) ? found.get(key) : { found: undefined };
      if (reading !== undefined) this.#pods.set(key, reading);
    }
  }

  #parsed(object: unknown, pod: string): Reading<PodLife> | undefined {
    try {
      return { found: parsePodLife(object) };
    } catch (error) {
      this.#options.log.debug({ err: error, pod }, 'could not be read, counts as living');
      return undefined;
    }
  }
}

function keyOf({ namespace, name }: PodName): string {
  return `${namespace}/${name}`;
}

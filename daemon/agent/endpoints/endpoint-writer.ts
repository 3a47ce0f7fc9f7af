import { EventEmitter, once } from 'node:events';
import { nodeEndpointLabel } from '../../../src/api/names.ts';
import { type ObjectMetadata, parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import type { PodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { staticKinds } from '../../../src/cluster/kubernetes/static-owner.ts';
import type { AnsweredAddress } from '../../../src/endpoints/build-endpoint.ts';
import { type EndpointKey, endpointKey, endpointOfRecord } from '../../../src/endpoints/endpoint-key.ts';
import { TopControllers } from '../../../src/endpoints/top-controllers.ts';
import type { PoolCatalog } from '../../../src/ipam/pool.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { nameHash } from '../../../src/ledger/blocks/labels.ts';
import type { AllocationRecord, PodName } from '../../../src/ledger/record.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { rest } from '../../process/rest.ts';
import { AnsweredRoutes } from './answered-routes.ts';
import { EndpointQueue } from './endpoint-queue.ts';
import { EndpointSettler } from './endpoint-settler.ts';
import { EndpointStore } from './endpoint-store.ts';

/** Endpoints that are written at once: a burst of a thousand pods has more agents than one. */
const workersMax = 2;

/** The longest look away from the queue; a key that comes meanwhile may be due sooner than the ones that wait. */
const lookMs = 500;

/** How often all endpoints of this node are compared with the records; free as long as they are right. */
const compareMs = 30_000;

/** How often it is looked whether the records are there to compare with, after the start. */
const startMs = 1_000;

/** At the start the endpoints that stand are looked at over so long a time: all agents may start at once. */
const startSpreadMs = 5_000;

/** What is noticed while an endpoint is being written mostly is that writing. */
const settledMs = 1_000;

export interface EndpointWriterOptions {
  readonly api: KubeApi;
  readonly nodeName: string;
  /** All records of this node; undefined while they are not known. Nothing is removed before they are. */
  readonly records: () => readonly AllocationRecord[] | undefined;
  readonly catalog: () => PoolCatalog;
  /** A pod of this node as last heard of. */
  readonly pod: (namespace: string, name: string) => PodView | undefined;
  readonly log: Logger;
}

/** What an ADD answered: `uid` is the holder's. */
export interface EndpointAnswer {
  readonly uid: string;
  readonly addresses: readonly AnsweredAddress[];
}

/**
 * Writes the SpiderEndpoints of this node's pods from the ledger's records, behind the requests: a view for people and other
 * programs, which nobody here reads back. What others delete or change is put right.
 */
export class EndpointWriter {
  readonly #options: EndpointWriterOptions;
  readonly #queue = new EndpointQueue(Math.random);
  readonly #arrivals = new EventEmitter<{ key: [] }>();
  readonly #answered = new AnsweredRoutes();
  readonly #reflector: Reflector<ObjectMetadata>;
  readonly #settler: EndpointSettler;
  #isFailing = false;

  constructor(options: EndpointWriterOptions) {
    const { api, nodeName, records, catalog, pod, log } = options;
    this.#options = options;
    const nodeHash = nameHash(nodeName);
    this.#reflector = new Reflector<ObjectMetadata>({
      api,
      path: resourcePath(kubeResources.endpoints),
      query: { labelSelector: `${nodeEndpointLabel}=${nodeHash}` },
      view: 'metadata',
      parse: parseMetadata,
      keyOf: endpointKey,
      onChange: (_, now, before) => this.#noticed(now, before),
      log,
      name: 'endpoints',
    });
    this.#settler = new EndpointSettler({
      store: new EndpointStore(api),
      controllers: new TopControllers(api),
      answered: this.#answered,
      nodeName,
      nodeHash,
      records,
      catalog,
      pod,
      seen: (key) => this.#reflector.items.get(key),
    });
  }

  /** Endpoints that wait to be looked at. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Addresses of this pod were claimed or released: its endpoint is looked at soon. Costs nothing on the way.
   *
   * @param answer what the ADD answered
   */
  changed(pod: PodName, answer?: EndpointAnswer): void {
    if (answer !== undefined) this.#answered.note(answer.uid, answer.addresses);
    const nowMs = performance.now();
    this.#queue.changed(endpointKey(pod), nowMs);
    const controller = this.#options.pod(pod.namespace, pod.name)?.controller;
    if (controller?.kind === staticKinds.virtualMachineInstance) {
      this.#queue.changed(endpointKey({ namespace: pod.namespace, name: controller.name }), nowMs);
    }
    this.#arrivals.emit('key');
  }

  /** Writes endpoints until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const workers = Array.from({ length: workersMax }, () => this.#work(signal));
    await Promise.all([this.#reflector.run(signal), this.#compare(signal), ...workers]);
  }

  #noticed(now: ObjectMetadata | undefined, before: ObjectMetadata | undefined): void {
    const one = now ?? before;
    if (one === undefined) return;
    const key = endpointKey(one);
    if (!this.#settler.noticed(key, now?.resourceVersion)) return;
    const spreadMs = this.#reflector.isSynced ? 0 : Math.random() * startSpreadMs;
    this.#add(key, this.#queue.isBusy(key) ? settledMs : spreadMs);
  }

  #add(key: EndpointKey, delayMs: number): void {
    this.#queue.add(key, performance.now(), delayMs);
    this.#arrivals.emit('key');
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const turn = this.#queue.take(performance.now());
      if (turn === undefined) await once(this.#arrivals, 'key', { signal }).catch(() => undefined);
      else if ('waitMs' in turn) await rest(Math.min(turn.waitMs, lookMs), signal);
      else await this.#settle(turn.key, signal);
    }
  }

  async #settle(key: EndpointKey, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    try {
      const outcome = await this.#settler.settle(key, signal);
      if (outcome === 'wait') this.#queue.failed(key, performance.now());
      else this.#queue.done(key);
      if (this.#isFailing && outcome === 'done') {
        this.#isFailing = false;
        log.info({ endpoint: key }, 'endpoints are written again');
      }
    } catch (error) {
      this.#queue.failed(key, performance.now());
      if (signal.aborted) return;
      // One line for an outage, not one for each pod.
      log[this.#isFailing ? 'debug' : 'warn']({ err: error, endpoint: key }, 'an endpoint was not written');
      this.#isFailing = true;
    }
  }

  /** Looks at all endpoints from time to time: for what went by unnoticed, such as records that were restored or swept. */
  async #compare(signal: AbortSignal): Promise<void> {
    await this.#reflector.synced(signal).catch(() => undefined);
    let waitMs = startMs;
    while (!signal.aborted) {
      const records = this.#options.records();
      if (records !== undefined && this.#reflector.isSynced) {
        const known = records.map(endpointOfRecord).filter((key) => key !== undefined);
        const seen = [...this.#reflector.items.values()].map(endpointKey);
        for (const key of new Set([...known, ...seen, ...this.#settler.keys])) {
          // One that waits after a failure waits on.
          if (!this.#queue.has(key)) this.#add(key, 0);
        }
        waitMs = compareMs;
      }
      await rest(waitMs * (0.75 + Math.random() / 2), signal);
    }
  }
}

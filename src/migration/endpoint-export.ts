import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseEndpoint, type SpiderEndpoint } from '../api/endpoint.ts';
import { endpointFinalizer } from '../api/names.ts';
import { parsePodView } from '../cluster/kubernetes/pod-view.ts';
import { isNotFound } from '../cluster/kubernetes/read-object.ts';
import { podOfSet, staticKinds } from '../cluster/kubernetes/static-owner.ts';
import { buildEndpoint } from '../endpoints/build-endpoint.ts';
import { TopControllers } from '../endpoints/top-controllers.ts';
import { formatAddress } from '../ip/address.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import { nameHash } from '../ledger/blocks/labels.ts';
import type { ImportedRecord } from '../ledger/blocks/record-import.ts';
import { setFinalizer } from './endpoint-finalizers.ts';
import { listPages } from './list-pages.ts';
import type { MigrationProgress } from './migration-report.ts';
import type { PlannedEntry } from './plan-entry.ts';
import { isUnknownNic } from './plan-record.ts';
import { originalEndpoint } from './read-original-facts.ts';
import { guarded } from './stored-pool-object.ts';

/** Endpoints in a page. */
const pageLimit = 500;
/** Endpoints that are written at once. */
const writesAtOnce = 16;
/** How often an endpoint is read again that somebody changes. */
const triesMax = 5;

/** A record and what becomes of it. */
export interface MovedRecord {
  readonly stored: ImportedRecord;
  readonly entry: PlannedEntry;
}

export interface EndpointExportOptions {
  readonly api: KubeApi;
  readonly catalog: PoolCatalog;
  readonly dryRun: boolean;
  /** Told what could not be expressed. */
  readonly onNote: (note: string) => void;
  readonly onProgress?: (progress: MigrationProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Leaves for each pod the SpiderEndpoint by which the original finds its addresses: with its NICs, and with the finalizer that the
 * original takes off when it has freed them.
 */
export class EndpointExport {
  readonly #options: EndpointExportOptions;
  readonly #controllers: TopControllers;
  #changed = 0;

  constructor(options: EndpointExportOptions) {
    this.#options = options;
    this.#controllers = new TopControllers(options.api);
  }

  /**
   * @param records by the endpoint that shows them, `namespace/name`
   * @returns how many endpoints were changed, or would be
   * @throws KubeError, or the signal's reason
   */
  async run(records: ReadonlyMap<string, readonly MovedRecord[]>): Promise<number> {
    const { api, signal } = this.#options;
    const missing = new Set(records.keys());
    const path = resourcePath(kubeResources.endpoints);
    for await (const items of listPages(api, { path, limit: pageLimit, signal })) {
      const complete = items.filter((item) => {
        const endpoint = parseEndpoint(item);
        const key = `${endpoint.metadata.namespace}/${endpoint.metadata.name}`;
        const wanted = records.get(key);
        if (wanted === undefined || !shows(endpoint, wanted)) return false;
        missing.delete(key);
        return !(endpoint.metadata.finalizers?.includes(endpointFinalizer) ?? false);
      });
      await this.#each(
        complete,
        async (item) => this.#options.dryRun || setFinalizer(api, item, { present: true, signal }),
      );
      await nextTurn();
    }
    // Without a pod, and nothing that keeps the address, the original frees it with or without an endpoint.
    const open = [...missing].filter((key) =>
      records
        .get(key)
        ?.some(({ entry, stored }) => entry.livePod !== undefined || stored.record.owner !== undefined),
    );
    await this.#each(open, async (key) => this.#write(key, records.get(key) ?? []));
    return this.#changed;
  }

  async #each<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<void> {
    const queue = items.toReversed();
    const worker = async (): Promise<void> => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
        if (!(await work(item))) continue;
        this.#changed++;
        if (this.#changed % 100 === 0)
          this.#options.onProgress?.({ phase: 'endpoints', done: this.#changed });
      }
    };
    await Promise.all(Array.from({ length: writesAtOnce }, worker));
  }

  /** Writes an endpoint that is missing, or does not show what it should. */
  async #write(key: string, moved: readonly MovedRecord[]): Promise<boolean> {
    const { api, dryRun, onNote, signal } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const path = resourcePath(kubeResources.endpoints, { namespace, name });
    for (let tries = 1; tries <= triesMax; tries++) {
      const standing = await readEndpoint(api, path, signal);
      const endpoint = await this.#build({ namespace, name }, moved, standing);
      if (endpoint === undefined) return false;
      if (dryRun) return true;
      const request =
        standing === undefined
          ? ({ method: 'POST', path: resourcePath(kubeResources.endpoints, { namespace }) } as const)
          : ({ method: 'PUT', path } as const);
      if (await guarded(api.request({ ...request, body: endpoint, signal }))) return true;
    }
    onNote(`SpiderEndpoint ${key} is changed all the time, and was not written`);
    return false;
  }

  async #build(
    name: { readonly namespace: string; readonly name: string },
    moved: readonly MovedRecord[],
    standing: SpiderEndpoint | undefined,
  ): Promise<SpiderEndpoint | undefined> {
    const newest = moved.find(({ entry }) => entry.livePod !== undefined) ?? moved[0];
    if (newest === undefined) return undefined;
    const { entry, stored } = newest;
    const { owner } = stored.record;
    const records = moved.map((one) => one.stored.record).filter(({ nic }) => !isUnknownNic(nic));
    if (records.length === 0) return undefined;
    const nodeName = entry.livePod?.node ?? stored.keptOn ?? stored.record.holders.at(-1)?.node ?? '';
    const built = buildEndpoint(
      {
        name,
        pod: { namespace: name.namespace, name: entry.livePod?.name ?? name.name, uid: entry.podUid },
        nodeName,
        nodeHash: nameHash(nodeName),
        records,
        catalog: this.#options.catalog,
        controller: await this.#controllerOf(entry, owner),
        answered: () => undefined,
      },
      standing,
    );
    const finalizers = new Set([...(built.metadata.finalizers ?? []), endpointFinalizer]);
    return { ...built, metadata: { ...built.metadata, finalizers: [...finalizers] } };
  }

  async #controllerOf(
    { livePod }: PlannedEntry,
    owner: ImportedRecord['record']['owner'],
  ): Promise<{ readonly kind: string; readonly name: string }> {
    const { api, signal } = this.#options;
    if (owner?.kind === staticKinds.statefulSet) {
      return { kind: owner.kind, name: podOfSet(owner.name)?.set ?? owner.name };
    }
    if (owner !== undefined || livePod === undefined)
      return { kind: owner?.kind ?? 'Pod', name: owner?.name ?? '' };
    const { namespace, name } = livePod;
    try {
      const path = resourcePath(kubeResources.pods, { namespace, name });
      const pod = parsePodView(await api.request({ method: 'GET', path, signal }));
      return await this.#controllers.of(pod, signal);
    } catch (error) {
      // It has ended just now.
      if (isNotFound(error)) return { kind: 'Pod', name };
      throw error;
    }
  }
}

/** Whether an endpoint shows all of these addresses for their pod, as far as their NICs are known. */
function shows(endpoint: SpiderEndpoint, moved: readonly MovedRecord[]): boolean {
  const { uid, nics } = originalEndpoint(endpoint) ?? { uid: '', nics: [] };
  return moved.every(({ stored: { record }, entry }) => {
    if (isUnknownNic(record.nic)) return true;
    const text = formatAddress(record.address);
    return (
      entry.podUid === uid &&
      nics.some(({ nic, addresses }) => nic === record.nic && addresses.includes(text))
    );
  });
}

async function readEndpoint(
  api: KubeApi,
  path: string,
  signal: AbortSignal,
): Promise<SpiderEndpoint | undefined> {
  try {
    return parseEndpoint(await api.request({ method: 'GET', path, signal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

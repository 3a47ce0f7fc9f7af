import { namespaceAnnotations } from '../../api/names.ts';
import { CniCode, CniError } from '../../cni/error.ts';
import type { ClusterFacts, MultusFacts } from '../../ipam/facts.ts';
import type { PoolCatalog } from '../../ipam/pool.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { kubeResources } from '../../kube/resource-path.ts';
import type { StaticOwner } from '../../ledger/record.ts';
import type { Logger } from '../../log/logger.ts';
import type {
  Cluster,
  ClusterReadOptions,
  PodHolder,
  PodReference,
  PodState,
  PoolCondition,
  RequestFacts,
} from '../cluster.ts';
import { LabelledObjects } from './labelled-objects.ts';
import { type GonePod, OwnPods } from './own-pods.ts';
import { Owners } from './owners.ts';
import type { PodView } from './pod-view.ts';
import { PoolKnowledge } from './pool-knowledge.ts';
import { type StaticWorkloads, staticOwnerOf } from './static-owner.ts';

export interface KubernetesClusterOptions extends StaticWorkloads {
  readonly api: KubeApi;
  /** The node that this agent serves. */
  readonly nodeName: string;
  /** Namespace of the agent: of Multus network names that have none. */
  readonly agentNamespace: string;
  /** `MULTUS_CLUSTER_NETWORK`, `namespace/name`. */
  readonly clusterNetwork?: string;
  /** `enableSpiderSubnet`: its annotations are refused then. */
  readonly enableSpiderSubnet: boolean;
  /** Called when pools were imported from the original, before they are used; see `PoolWatchOptions`. */
  readonly onImported?: (signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/**
 * A node of a cluster as its API server tells of it. Memory follows the node's own pods, the pools and the namespaces; the
 * whole of an object is held of none of them.
 */
export class KubernetesCluster implements Cluster {
  readonly nodeName: string;
  readonly ownRecords: { readonly node: string };
  readonly #options: KubernetesClusterOptions;
  readonly #multus: MultusFacts;
  readonly #pods: OwnPods;
  readonly #namespaces: LabelledObjects;
  readonly #node: LabelledObjects;
  readonly #pools: PoolKnowledge;
  readonly #owners: Owners;

  constructor(options: KubernetesClusterOptions) {
    const { api, nodeName, agentNamespace, clusterNetwork, log, onImported } = options;
    this.nodeName = nodeName;
    this.ownRecords = { node: nodeName };
    this.#options = options;
    this.#multus = { agentNamespace, ...(clusterNetwork !== undefined && { clusterNetwork }) };
    this.#pods = new OwnPods({ api, nodeName, log });
    this.#namespaces = new LabelledObjects({
      api,
      log,
      resource: kubeResources.namespaces,
      what: 'namespace',
      annotations: Object.values(namespaceAnnotations),
    });
    this.#node = new LabelledObjects({
      api,
      log,
      resource: kubeResources.nodes,
      what: 'node',
      fieldSelector: `metadata.name=${nodeName}`,
    });
    this.#pools = new PoolKnowledge({ api, log, onImported });
    this.#owners = new Owners(api, options);
  }

  /** Follows the cluster until the signal is aborted, through every failure of the API server. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.run(signal)));
  }

  /**
   * Waits until everything has been read once.
   *
   * @throws the signal's reason
   */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.synced(signal)));
  }

  get #parts(): readonly Pick<OwnPods, 'run' | 'synced'>[] {
    return [this.#pods, this.#namespaces, this.#node, this.#pools];
  }

  /** What an operator should know of the cluster, each in a line: stored objects that can't be used, and what could not be read. */
  get problems(): readonly string[] {
    const unread = [
      ...(this.#pods.isSynced ? [] : ['pods']),
      ...(this.#namespaces.isSynced ? [] : ['namespaces']),
      ...(this.#node.isSynced ? [] : ['node']),
      ...this.#pools.unread,
    ];
    const isSilent = this.#pods.isSynced && !this.#pods.isCurrent;
    return [
      ...(unread.length > 0 ? [`not read from the API server yet: ${unread.join(', ')}`] : []),
      ...(isSilent ? ['the API server has told nothing of pods for minutes'] : []),
      ...this.#pools.problems,
    ];
  }

  /** Calls the listener for each pod of this node that ends or is removed; it must not throw. */
  onPodGone(listener: (pod: GonePod) => void): void {
    this.#pods.onGone(listener);
  }

  /** A pod of this node as last heard of. */
  pod(namespace: string, name: string): PodView | undefined {
    return this.#pods.get(namespace, name);
  }

  catalog(): PoolCatalog {
    return this.#pools.catalog();
  }

  catchUp({ signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    return this.#pools.catchUp(signal);
  }

  conditions(poolName: string): readonly PoolCondition[] {
    return this.#pools.conditions(poolName);
  }

  /**
   * Facts for one request. A plain CNI call that names no pod is served too, by what the configuration of the network and the
   * cluster default say: its addresses belong to the container.
   *
   * @throws CniError with code 108 when the pod is known not to be alive on this node, 11 when the facts can't be read now
   */
  async facts(
    { namespace, name, uid }: PodReference,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RequestFacts> {
    const common = this.#commonFacts();
    if (namespace === undefined) return common;
    const namespaceFacts = await this.#namespaceFacts(namespace, signal);
    if (name === undefined) return { ...common, namespace: namespaceFacts };
    const asked = { namespace, name, ...(uid !== undefined && { uid }) };
    const pod = await this.#pods.living(asked, signal);
    const owner = staticOwnerOf(pod, this.#options);
    return {
      ...common,
      namespace: namespaceFacts,
      pod: { name, annotations: pod.annotations, ...(pod.labels && { labels: pod.labels }) },
      catalog: this.catalog(),
      ...(uid === undefined && { uid: pod.uid }),
      ...(owner && { owner }),
    };
  }

  #commonFacts(): ClusterFacts {
    const labels = this.#node.get(this.nodeName)?.labels;
    return {
      node: { name: this.nodeName, ...(labels && { labels }) },
      catalog: this.catalog(),
      multus: this.#multus,
      subnetsEnabled: this.#options.enableSpiderSubnet,
    };
  }

  async #namespaceFacts(
    namespace: string,
    signal: AbortSignal,
  ): Promise<NonNullable<ClusterFacts['namespace']>> {
    const found = await this.#namespaces.find(namespace, signal);
    if (found !== undefined) return found;
    throw new CniError(CniCode.podNotAlive, `namespace ${namespace} does not exist: it was deleted`);
  }

  podState(holder: PodHolder): PodState {
    return this.#pods.state(holder);
  }

  endingGraceMs(holder: PodHolder): number {
    return this.#pods.endingGraceMs(holder);
  }

  readPodState(holder: PodHolder, { signal }: ClusterReadOptions = {}): Promise<PodState> {
    return this.#pods.readState(holder, signal);
  }

  isOwnerValid(owner: StaticOwner, options?: ClusterReadOptions): Promise<boolean> {
    return this.#owners.isValid(owner, options);
  }
}

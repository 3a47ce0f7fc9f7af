import { KubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import { type BlockLedger, openBlockLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import { LedgerError } from '../../../src/ledger/errors.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { AgentOptions, KubernetesStoreOptions } from '../agent-options.ts';
import { CoordinatorConfig } from '../coordinator-config.ts';
import { EndpointWriter } from '../endpoints/endpoint-writer.ts';
import { LedgerSlot } from '../ledger-slot.ts';
import { createNodeParts } from '../node-parts.ts';
import { PodEvents } from '../pod-events.ts';
import { ClusterAftermath } from './cluster-aftermath.ts';
import { KubernetesNode } from './kubernetes-node.ts';
import { LedgerRepair } from './ledger-repair.ts';

export interface CreateKubernetesNodeOptions {
  readonly options: AgentOptions;
  readonly store: KubernetesStoreOptions;
  readonly log: Logger;
  /** What is wrong with the TCP ports. */
  readonly portProblems: () => readonly string[];
}

/**
 * Makes the services of a node of a cluster. Nothing runs yet, and nothing was asked of the API server.
 *
 * @throws KubeconfigError when no cluster can be found
 */
export async function createKubernetesNode({
  options,
  store,
  log,
  portProblems,
}: CreateKubernetesNodeOptions): Promise<KubernetesNode> {
  const { nodeName } = options;
  await using stack = new AsyncDisposableStack();
  const { kubeconfig } = store;
  const api = stack.use(createKubeApi({ ...(kubeconfig !== undefined && { kubeconfig }) }));
  const slot = new LedgerSlot<BlockLedger>({ isShared: true });
  // Records that were imported for pods of this node have to be known before their pools serve anybody.
  const onImported = async (signal: AbortSignal): Promise<void> => {
    if (slot.problem !== undefined) throw new LedgerError('LEDGER_CLOSED', slot.problem);
    await repair.once(signal);
  };
  const cluster = new KubernetesCluster({ ...store, api, nodeName, log, onImported });
  const pod = cluster.pod.bind(cluster);
  const endpoints = new EndpointWriter({
    api,
    nodeName,
    records: () => (slot.problem === undefined ? slot.ledger.ownRecords() : undefined),
    catalog: () => cluster.catalog(),
    pod,
    log,
  });
  const events = new PodEvents({ api, nodeName, log });
  const aftermath = new ClusterAftermath({ endpoints, events, pod });
  const parts = await createNodeParts({
    ...options,
    cluster,
    slot,
    knowsPods: true,
    sweeps: store.sweeps,
    markOutliving: (record, holder) => slot.ledger.markOutliving(record, holder),
    aftermath,
    coordinator: new CoordinatorConfig({ api, pod }),
    problems: () => [...cluster.problems, ...portProblems()],
    log,
  });
  const { bootId, metrics } = parts.context;
  const repair = new LedgerRepair({ cluster, ledger: slot, aftermath, events, metrics, bootId, log });
  const onConflict = (): void => metrics.conflicted();
  const node = new KubernetesNode({
    parts,
    api,
    cluster,
    endpoints,
    events,
    repair,
    openLedger: (signal) => openBlockLedger({ api, nodeName, log, onConflict, signal }),
  });
  stack.move();
  return node;
}

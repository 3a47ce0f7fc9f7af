import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import type { LogLevel } from '../../src/log/logger.ts';

/** Addresses are recorded on this host, and pools are files. */
export interface EmbeddedStoreOptions {
  readonly kind: 'embedded';
  /** Folder with the pool manifests. */
  readonly poolFolder: string;
}

/** Addresses are recorded in the API server of a cluster. */
export interface KubernetesStoreOptions {
  readonly kind: 'kubernetes';
  /** Path of a kubeconfig; undefined finds one as kubectl does, or takes the service account of the pod. */
  readonly kubeconfig?: string;
  /** Namespace and name of the agent's own pod. */
  readonly agentNamespace: string;
  readonly agentPod: string;
  /** `MULTUS_CLUSTER_NETWORK`: the default network as `namespace/name`. */
  readonly clusterNetwork?: string;
  readonly enableStatefulSet: boolean;
  readonly enableKubevirtStaticIP: boolean;
  readonly enableSpiderSubnet: boolean;
  /** `SPIDERPOOL_GC_IP_ENABLED`: whether this agent frees leaks without being asked. */
  readonly sweeps: boolean;
  /** TCP port of the health routes; none is opened when undefined. */
  readonly healthPort?: number;
}

/** Everything that decides how an agent runs, with defaults applied. */
export interface AgentOptions {
  /** Path of the unix socket. */
  readonly socketPath: string;
  /** Folder with the tombstones, the lock, and the ledger where it is embedded. */
  readonly stateFolder: string;
  readonly nodeName: string;
  readonly store: EmbeddedStoreOptions | KubernetesStoreOptions;
  /** TCP port for metrics; none is opened when undefined. */
  readonly metricsPort?: number;
  /** The original's debug metric too. @default false */
  readonly debugMetrics?: boolean;
  readonly logLevel: LogLevel;
  readonly enabledFamilies: EnabledFamilies;
  /** Whether the original's plugin may have addresses released in which it found a conflict. */
  readonly releasesConflicts: boolean;
  /** What is configured and has no effect; each is logged once at start. */
  readonly warnings: readonly string[];
  /** The same where nobody need do anything. */
  readonly notes: readonly string[];
}

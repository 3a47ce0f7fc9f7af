import type { StaticWorkloads } from '../../src/cluster/kubernetes/static-owner.ts';
import type { Family } from '../../src/ip/address.ts';
import type { LogLevel } from '../../src/log/logger.ts';

/** Which addresses the garbage collection may free, and when. */
export interface CollectionOptions {
  /** `SPIDERPOOL_GC_IP_ENABLED`. */
  readonly isEnabled: boolean;
  /** `SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_READY_NODE_ENABLED`: ending and finished pods whose node is Ready. */
  readonly onReadyNodes: boolean;
  /** `SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_NOT_READY_NODE_ENABLED`: the same where it is not. */
  readonly onNotReadyNodes: boolean;
  /** `SPIDERPOOL_GC_ENABLE_STATELESS_RUNNING_POD_ON_EMPTY_POD_STATUS_IPS`: running pods that show no address. */
  readonly runningWithoutAddress: boolean;
  /** `SPIDERPOOL_GC_ADDITIONAL_GRACE_DELAY`, added to every wait, in milliseconds. */
  readonly additionalGraceMs: number;
  /** `SPIDERPOOL_GC_DEFAULT_INTERVAL_DURATION`: time between two looks at everything, in milliseconds. */
  readonly intervalMs: number;
}

/** Times of the leader election, in milliseconds. */
export interface LeaderTimes {
  readonly leaseMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

/** Where the webhooks' certificate comes from. */
export type CertificateSource =
  /** PEM files that somebody else renews. */
  | { readonly kind: 'files'; readonly certificateFile: string; readonly keyFile: string }
  /** Made and renewed by the controllers themselves, shared in a Secret of their namespace. */
  | { readonly kind: 'own'; readonly secretName: string };

/** Everything that decides how a controller runs, with defaults applied. */
export interface ControllerOptions extends StaticWorkloads {
  /** Path of a kubeconfig; undefined finds one as kubectl does, or takes the service account of the pod. */
  readonly kubeconfig?: string;
  /** Namespace and name of the controller's own pod; the name is its identity among the candidates. */
  readonly namespace: string;
  readonly podName: string;
  /** `SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME`: also the name of the Service and of the webhook configurations. */
  readonly controllerName: string;
  readonly logLevel: LogLevel;
  /** The families that the configuration switches on. */
  readonly families: readonly Family[];
  readonly enableSpiderSubnet: boolean;
  /** Pools and subnets of which addresses are in use are not deleted. */
  readonly refusesDeletionInUse: boolean;
  readonly certificate: CertificateSource;
  /** TCP ports; none is opened when undefined. */
  readonly webhookPort?: number;
  readonly healthPort?: number;
  readonly metricsPort?: number;
  /** The original's debug metrics. */
  readonly debugMetrics: boolean;
  /** How often the counts of objects are told, in milliseconds. */
  readonly metricRenewMs: number;
  readonly leader: LeaderTimes;
  readonly collection: CollectionOptions;
  /** What is configured and has no effect; each is logged once at start. */
  readonly warnings: readonly string[];
}

import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { AgentMetrics } from '../../../src/metrics/agent-metrics.ts';
import type { Aftermath } from '../aftermath.ts';
import type { Attachments } from '../attachments.ts';
import type { CoordinatorConfig } from '../coordinator-config.ts';
import type { GarbageCollection } from '../garbage-collection.ts';
import type { LedgerSlot } from '../ledger-slot.ts';
import type { Releases } from '../releases.ts';
import type { Sweep } from '../sweep.ts';

/** What the handlers work with. */
export interface HandlerContext {
  readonly attachments: Attachments;
  readonly releases: Releases;
  readonly garbageCollection: GarbageCollection;
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly sweep: Sweep;
  /** Whether leaks are freed without being asked. */
  readonly sweeps: boolean;
  readonly aftermath: Aftermath;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
  /** Kernel boot id, recorded with each namespace. */
  readonly bootId: string | undefined;
  /** Problems that concern no single pool: of the configuration, of the ports, of the way to the API server. */
  readonly problems: () => readonly string[];
  /** Of the original's coordinator plugin; undefined without a cluster. */
  readonly coordinator?: CoordinatorConfig;
  /** Whether the original's plugin may have addresses released in which it found a conflict. */
  readonly releasesConflicts: boolean;
}

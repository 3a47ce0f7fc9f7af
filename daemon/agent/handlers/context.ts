import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { AgentMetrics } from '../../../src/metrics/agent-metrics.ts';
import type { Attachments } from '../attachments.ts';
import type { LedgerSlot } from '../ledger-slot.ts';
import type { Sweep } from '../sweep.ts';

/** What the handlers work with. */
export interface HandlerContext {
  readonly attachments: Attachments;
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly sweep: Sweep;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
  /** Kernel boot id, recorded with each namespace. */
  readonly bootId: string | undefined;
  /** Problems of the configuration that concern no single pool. */
  readonly problems: () => readonly string[];
}

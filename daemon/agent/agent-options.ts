import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import type { LogLevel } from '../../src/log/logger.ts';

/** Everything that decides how an agent runs, with defaults applied. */
export interface AgentOptions {
  /** Path of the unix socket. */
  readonly socketPath: string;
  /** Folder with the ledger, the tombstones and the lock. */
  readonly stateFolder: string;
  /** Folder with the pool manifests. */
  readonly poolFolder: string;
  readonly nodeName: string;
  /** TCP port for metrics; none is opened when undefined. */
  readonly metricsPort?: number;
  readonly logLevel: LogLevel;
  readonly enabledFamilies: EnabledFamilies;
  /** What is configured and has no effect; each is logged once at start. */
  readonly warnings: readonly string[];
}

import { join } from 'node:path';
import { EmbeddedCluster } from '../../src/cluster/embedded-cluster.ts';
import { tombstoneFolder } from '../../src/cni/tombstone.ts';
import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import type { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import type { Logger } from '../../src/log/logger.ts';
import { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import { Attachments } from './attachments.ts';
import type { HandlerContext } from './handlers/context.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { LedgerSlot } from './ledger-slot.ts';
import { readBootId } from './netns.ts';
import { PoolFolder } from './pool-folder.ts';
import { Sweep } from './sweep.ts';
import { TombstoneFiles } from './tombstone-files.ts';
import { Tombstones } from './tombstones.ts';

/** What the parts are made of. */
export interface NodePartsOptions {
  readonly stateFolder: string;
  readonly poolFolder: string;
  readonly nodeName: string;
  readonly enabledFamilies: EnabledFamilies;
  readonly log: Logger;
}

/** The parts of an agent without a cluster, wired to each other. Nothing runs yet, and the ledger's slot is empty. */
export interface NodeParts {
  /** What the handlers work with. */
  readonly context: HandlerContext;
  readonly cluster: EmbeddedCluster;
  readonly slot: LedgerSlot<SqliteLedger>;
  readonly poolFolder: PoolFolder;
  readonly files: TombstoneFiles;
  readonly tombstones: Tombstones;
  readonly attachments: Attachments;
  readonly sweep: Sweep;
  readonly mutex: KeyedMutex;
}

/** Makes the parts, and the folder of the tombstones. */
export async function createNodeParts(options: NodePartsOptions): Promise<NodeParts> {
  const { stateFolder, nodeName, enabledFamilies, log } = options;
  const metrics = new AgentMetrics();
  const mutex = new KeyedMutex();
  const cluster = new EmbeddedCluster(nodeName);
  const slot = new LedgerSlot<SqliteLedger>();
  const bootId = readBootId();
  const files = new TombstoneFiles(join(stateFolder, tombstoneFolder));
  await files.prepare();
  const tombstones = new Tombstones({ files, mutex, metrics, log });
  const attachments = new Attachments({
    cluster,
    ledger: slot,
    enabledFamilies,
    tombstones,
    mutex,
    metrics,
    log,
  });
  const poolFolder = new PoolFolder({ folder: options.poolFolder, cluster, log });
  const sweep = new Sweep({ cluster, ledger: slot, mutex, bootId, metrics, log });
  const problems = (): readonly string[] => poolFolder.problems;
  const context = { attachments, cluster, ledger: slot, sweep, metrics, log, bootId, problems };
  return { context, cluster, slot, poolFolder, files, tombstones, attachments, sweep, mutex };
}

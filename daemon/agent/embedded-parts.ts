import { EmbeddedCluster } from '../../src/cluster/embedded-cluster.ts';
import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import type { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import type { Logger } from '../../src/log/logger.ts';
import { noAftermath } from './aftermath.ts';
import { LedgerSlot } from './ledger-slot.ts';
import { createNodeParts, type NodeParts } from './node-parts.ts';
import { PoolFolder } from './pool-folder.ts';

/** What the parts are made of. */
export interface EmbeddedPartsOptions {
  readonly stateFolder: string;
  readonly poolFolder: string;
  readonly nodeName: string;
  readonly enabledFamilies: EnabledFamilies;
  readonly log: Logger;
}

/** The parts of an agent without a cluster. */
export interface EmbeddedParts extends NodeParts<SqliteLedger> {
  readonly cluster: EmbeddedCluster;
  readonly poolFolder: PoolFolder;
}

/** Makes the parts, and the folder of the tombstones. Nothing runs yet, and the ledger's slot is empty. */
export async function createEmbeddedParts(options: EmbeddedPartsOptions): Promise<EmbeddedParts> {
  const { log, nodeName } = options;
  const cluster = new EmbeddedCluster(nodeName);
  const poolFolder = new PoolFolder({ folder: options.poolFolder, cluster, log });
  const parts = await createNodeParts({
    ...options,
    cluster,
    slot: new LedgerSlot<SqliteLedger>(),
    knowsPods: false,
    releasesConflicts: true,
    aftermath: noAftermath,
    problems: () => poolFolder.problems,
  });
  return { ...parts, cluster, poolFolder };
}

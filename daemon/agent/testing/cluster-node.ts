import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { followCluster } from '../../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import { openSqliteLedger, type SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import type { PodReference } from '../../../test/support/cluster-objects.ts';
import { noAftermath } from '../aftermath.ts';
import type { AddRequest } from '../attachment.ts';
import { LedgerSlot } from '../ledger-slot.ts';
import { createNodeParts, type NodeParts } from '../node-parts.ts';
import { addRequest, testLog } from './test-node.ts';

/** The parts of an agent that follow a real cluster. Their records are in SQLite: what pods mean for them is the same in every store. */
export interface ClusterNode extends NodeParts<SqliteLedger>, AsyncDisposable {
  readonly cluster: KubernetesCluster;
  readonly ledger: SqliteLedger;
  /** Pods of which it was told that they changed, as `namespace/name`. */
  readonly changed: readonly string[];
}

/** Makes the parts of `node-1`, and waits until the cluster was read. */
export async function createClusterNode(kubeconfig: string): Promise<ClusterNode> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const { cluster } = stack.use(followCluster(kubeconfig));
  await cluster.synced(AbortSignal.timeout(60_000));
  const ledger = stack.use(await openSqliteLedger({ path: join(folder, 'ledger.db') }));
  const slot = new LedgerSlot<SqliteLedger>();
  slot.open(ledger);
  const changed: string[] = [];
  const parts = await createNodeParts({
    stateFolder: folder,
    cluster,
    slot,
    knowsPods: true,
    enabledFamilies: { 4: true, 6: true },
    releasesConflicts: true,
    aftermath: {
      ...noAftermath,
      changed: ({ namespace, name }) => changed.push(`${namespace}/${name}`),
    },
    problems: () => [],
    log: testLog,
  });
  const held = stack.move();
  return { ...parts, cluster, ledger, changed, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** An ADD for eth0 of a pod's sandbox, as the kubelet's runtime asks. */
export function podRequest(pod: PodReference, sandbox: string, more: Partial<AddRequest> = {}): AddRequest {
  return addRequest(sandbox, { attachment: { sandbox, nic: 'eth0', pod }, ...more });
}

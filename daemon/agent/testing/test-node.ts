import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedCluster } from '../../../src/cluster/embedded-cluster.ts';
import { resolvePoolFiles } from '../../../src/cluster/pool-files.ts';
import { nicRequest } from '../../../src/ipam/testing/facts.ts';
import { openSqliteLedger, type SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import { createLogger } from '../../../src/log/logger.ts';
import { AgentMetrics } from '../../../src/metrics/agent-metrics.ts';
import type { AddRequest } from '../attachment.ts';
import { Attachments } from '../attachments.ts';
import { KeyedMutex } from '../keyed-mutex.ts';
import { LedgerSlot } from '../ledger-slot.ts';
import { TombstoneFiles } from '../tombstone-files.ts';
import { Tombstones } from '../tombstones.ts';

/** The parts of an agent in a folder of their own, with a real ledger: for tests of how they work together. */
export interface TestNode extends AsyncDisposable {
  readonly folder: string;
  readonly ledger: SqliteLedger;
  readonly slot: LedgerSlot<SqliteLedger>;
  readonly cluster: EmbeddedCluster;
  readonly files: TombstoneFiles;
  readonly tombstones: Tombstones;
  readonly attachments: Attachments;
  readonly mutex: KeyedMutex;
  readonly metrics: AgentMetrics;
}

/** A manifest of a pool of 10.6.0.0/16. */
export function poolManifest(name: string, ips: string): string {
  return [
    'apiVersion: spiderpool.spidernet.io/v2beta1',
    'kind: SpiderIPPool',
    `metadata: {name: ${name}}`,
    `spec: {subnet: 10.6.0.0/16, default: true, ips: ["${ips}"]}`,
    '',
  ].join('\n');
}

/** Only what is fatal: tests provoke the rest. */
export const testLog = createLogger('test', 'fatal');

export async function createTestNode(ips = '10.6.0.1-10.6.0.9'): Promise<TestNode> {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  const slot = new LedgerSlot<SqliteLedger>();
  slot.open(ledger);
  const cluster = new EmbeddedCluster('node-1');
  const none = { good: new Map(), retired: new Map() };
  cluster.update(resolvePoolFiles([{ name: 'a.yaml', text: poolManifest('a', ips) }], none));
  const files = new TombstoneFiles(join(folder, 'tombstones'));
  await files.prepare();
  const [mutex, metrics, log] = [new KeyedMutex(), new AgentMetrics(), testLog];
  const tombstones = new Tombstones({ files, mutex, metrics, log });
  const enabledFamilies = { 4: true, 6: true };
  const attachments = new Attachments({
    cluster,
    ledger: slot,
    enabledFamilies,
    tombstones,
    mutex,
    metrics,
    log,
  });
  return {
    folder,
    ledger,
    slot,
    cluster,
    files,
    tombstones,
    attachments,
    mutex,
    metrics,
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An ADD for eth0 of a container, from the cluster default pools. */
export function addRequest(sandbox: string, more: Partial<AddRequest> = {}): AddRequest {
  return {
    attachment: { sandbox, nic: 'eth0', pod: {} },
    network: 'net',
    netns: { path: '' },
    nicRequest: nicRequest(),
    ...more,
  };
}

/** Makes a folder with these files. */
export function writeFolder(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
}

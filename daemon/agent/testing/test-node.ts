import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolvePoolFiles } from '../../../src/cluster/pool-files.ts';
import { nicRequest } from '../../../src/ipam/testing/facts.ts';
import { openSqliteLedger, type SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import { createLogger } from '../../../src/log/logger.ts';
import type { AddRequest } from '../attachment.ts';
import { createEmbeddedParts, type EmbeddedParts } from '../embedded-parts.ts';

/** The parts of an agent in a folder of their own, with a real ledger in the slot: for tests of how they work together. */
export interface TestNode extends EmbeddedParts, AsyncDisposable {
  readonly folder: string;
  readonly ledger: SqliteLedger;
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

/** Makes the parts, with pool `a` of these addresses in force; its folder of pools is `pools`, which does not exist yet. */
export async function createTestNode(ips = '10.6.0.1-10.6.0.9'): Promise<TestNode> {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  const parts = await createEmbeddedParts({
    stateFolder: folder,
    poolFolder: join(folder, 'pools'),
    nodeName: 'node-1',
    enabledFamilies: { 4: true, 6: true },
    log: testLog,
  });
  parts.slot.open(ledger);
  const none = { good: new Map(), retired: new Map() };
  parts.cluster.update(resolvePoolFiles([{ name: 'a.yaml', text: poolManifest('a', ips) }], none));
  return {
    ...parts,
    folder,
    ledger,
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

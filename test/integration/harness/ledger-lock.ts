import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestNode } from './node.ts';

/** Does something while the ledger's file is locked for writing, as by a backup tool or a person at the sqlite3 prompt. */
export async function whileLedgerIsLocked(node: TestNode, work: () => Promise<void>): Promise<void> {
  const database = new DatabaseSync(join(node.agent.dataDir, 'ledger.db'));
  try {
    database.exec('BEGIN IMMEDIATE');
    await work();
  } finally {
    database.close();
  }
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addressKey } from '../address-key.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

const ROUNDS = 6;
const WRITER = fileURLToPath(new URL('testing/killed-writer.ts', import.meta.url));

/** Runs the writer, kills it while it works, and returns the whole lines that it has printed. */
async function killedAtWork(path: string, prefix: string): Promise<readonly string[]> {
  const writer = spawn(process.execPath, [WRITER, path, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  let killing: Promise<void> | undefined;
  for await (const chunk of writer.stdout) {
    printed += String(chunk);
    killing ??= sleep(Math.random() * 150).then(() => {
      writer.kill('SIGKILL');
    });
  }
  await killing;
  return printed.split('\n').slice(0, -1);
}

it('SqliteLedger keeps all that it acknowledged when its process is killed under load', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-kill-'));
  try {
    const path = join(folder, 'ledger.db');
    const standing = new Map<string, string>();
    const released = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await killedAtWork(path, `r${round}`);
      assert.ok(lines.length > 0);
      for (const line of lines) {
        const [verb = '', pod = '', key = ''] = line.split(' ');
        if (verb === 'claimed') standing.set(`${pod}-uid`, key);
        else standing.delete(`${pod}-uid`);
        if (verb === 'released') released.add(`${pod}-uid`);
      }
      await using ledger = await openSqliteLedger({ path });
      const found = new Map<string, string>();
      let after: Parameters<typeof ledger.records>[1] = { limit: 5000 };
      for (;;) {
        const page = await ledger.records({}, after);
        for (const record of page) {
          const uid = record.holders[0]?.uid ?? '';
          assert.ok(!found.has(uid), `${uid} has one address`);
          found.set(uid, addressKey(record.address));
        }
        const last = page.at(-1);
        if (last === undefined) break;
        after = { limit: 5000, after: last.address };
      }
      assert.equal(new Set(found.values()).size, found.size);
      for (const [uid, key] of standing) assert.equal(found.get(uid), key, `${uid} keeps its address`);
      for (const uid of released) assert.equal(found.has(uid), false, `${uid} stays released`);
    }
    assert.ok(standing.size > ROUNDS && released.size > ROUNDS);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

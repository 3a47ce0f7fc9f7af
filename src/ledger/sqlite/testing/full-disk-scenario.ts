/**
 * What a ledger does on a disk that is full, for the test that mounts one. Fails with an assertion, else prints what a
 * release on the full disk did. Argument: a folder on a small file system of its own.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claimantOf, claimed, poolOf, releaseOf, wantOf } from '../../contract/fixtures.ts';
import { LedgerError } from '../../errors.ts';
import { openSqliteLedger } from '../sqlite-ledger.ts';

const BURST = 20;
const [folder = ''] = process.argv.slice(2);
const path = join(folder, 'ledger.db');
const ballast = join(folder, 'ballast');
const pool = poolOf('many', ['10.0.0.1-10.0.255.254']);
const acknowledged = new Set<string>();

function fillDisk(): void {
  const file = openSync(ballast, 'w');
  try {
    for (let bytes = 65_536; bytes >= 512; ) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}

async function claim(pod: string): Promise<unknown> {
  try {
    await claimed(ledger, claimantOf(pod), [wantOf('eth0', [pool])]);
    acknowledged.add(`${pod}-uid`);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function checkRecords(): Promise<void> {
  const found = (await ledger.records({}, { limit: 5000 })).map((it) => it.holders[0]?.uid);
  assert.deepEqual(new Set(found), acknowledged);
  assert.equal((await ledger.usage([pool]))[0]?.allocated, acknowledged.size);
}

let ledger = await openSqliteLedger({ path });
for (let i = 0; i < BURST; i++) assert.equal(await claim(`before-${i}`), undefined);
fillDisk();
let refusal: unknown;
for (let i = 0; refusal === undefined && i < 5000; i++) {
  const errors = await Promise.all(Array.from({ length: BURST }, (_, k) => claim(`full-${i}-${k}`)));
  refusal = errors.find((it) => it !== undefined);
}
assert.ok(refusal instanceof LedgerError, String(refusal));
assert.equal(refusal.code, 'LEDGER_FULL');
assert.match(refusal.message, /ledger\.db/);
await checkRecords();

let release = 'succeeded';
try {
  assert.equal((await ledger.release(releaseOf('before-0', 'eth0'))).length, 1);
  acknowledged.delete('before-0-uid');
} catch (error) {
  assert.ok(error instanceof LedgerError, String(error));
  release = error.code;
}
await checkRecords();

rmSync(ballast);
assert.equal((await ledger.release(releaseOf('before-1', 'eth0'))).length, 1);
acknowledged.delete('before-1-uid');
assert.equal(await claim('after'), undefined);
await checkRecords();
await ledger[Symbol.asyncDispose]();
ledger = await openSqliteLedger({ path });
await checkRecords();
await ledger[Symbol.asyncDispose]();
process.stdout.write(`a release on the full disk: ${release}\n`);

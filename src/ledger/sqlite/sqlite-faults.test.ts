import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAddress } from '../../ipam/choose.ts';
import {
  claimantOf,
  claimed,
  ip,
  poolOf,
  releaseOf,
  START_MS,
  TestClock,
  wantOf,
} from '../contract/fixtures.ts';
import { LedgerError, type LedgerErrorCode } from '../errors.ts';
import { Database } from './database.ts';
import { ReleasedStore } from './released-store.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

const pool = poolOf('many', ['10.0.0.1-10.0.255.254']);
const wants = [wantOf('eth0', [pool])];

describe('SqliteLedger', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-faults-'));
    path = join(folder, 'ledger.db');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const failsWith = (code: LedgerErrorCode) => (error: unknown) => {
    assert.ok(error instanceof LedgerError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(path), error.message);
    return true;
  };

  async function writeLedger(records = 300): Promise<void> {
    await using ledger = await openSqliteLedger({ path });
    await Promise.all(Array.from({ length: records }, (_, i) => claimed(ledger, claimantOf(`p${i}`), wants)));
  }

  async function isRefusedAndKept(code: LedgerErrorCode): Promise<void> {
    const before = readFileSync(path);
    await assert.rejects(openSqliteLedger({ path }), failsWith(code));
    assert.ok(readFileSync(path).equals(before), 'the file is as it was');
  }

  it('openSqliteLedger() makes a file that only its owner may read', async () => {
    await writeLedger(1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('openSqliteLedger() refuses a damaged file and keeps it', async () => {
    await writeLedger();
    const sound = readFileSync(path);
    const damages: Readonly<Record<string, () => void>> = {
      empty: () => truncateSync(path, 0),
      'cut in half': () => truncateSync(path, Math.floor(sound.length / 2)),
      'without header': () => writeFileSync(path, Buffer.concat([Buffer.alloc(100, 7), sound.subarray(100)])),
      'with a foreign page': () => {
        const bytes = Buffer.from(sound);
        bytes.fill(0xa5, 4096, 3 * 4096);
        writeFileSync(path, bytes);
      },
      'a text': () => writeFileSync(path, 'not a database\n'.repeat(1000)),
    };
    for (const [name, damage] of Object.entries(damages)) {
      writeFileSync(path, sound);
      damage();
      await assert.doesNotReject(isRefusedAndKept('LEDGER_CORRUPT'), name);
    }
    writeFileSync(path, sound);
    await using ledger = await openSqliteLedger({ path });
    assert.equal((await ledger.records({}, { limit: 1000 })).length, 300);
  });

  it('openSqliteLedger() refuses another program’s database and a newer version', async () => {
    await writeLedger(1);
    using database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    await isRefusedAndKept('LEDGER_VERSION');
    database.exec('PRAGMA application_id = 7');
    await isRefusedAndKept('LEDGER_CORRUPT');
  });

  it('openSqliteLedger() makes no fresh ledger beside the log of a lost one', async () => {
    writeFileSync(`${path}-wal`, 'frames');
    await assert.rejects(openSqliteLedger({ path }), failsWith('LEDGER_CORRUPT'));
  });

  it('openSqliteLedger() says that the folder is missing', async () => {
    path = join(folder, 'missing', 'ledger.db');
    await assert.rejects(openSqliteLedger({ path }), failsWith('LEDGER_IO'));
  });

  it('SqliteLedger refuses to write to a file that was removed', async () => {
    await using ledger = await openSqliteLedger({ path });
    await claimed(ledger, claimantOf('a'), wants);
    rmSync(path);
    await assert.rejects(ledger.claim(claimantOf('b'), wants, chooseAddress), failsWith('LEDGER_LOST'));
  });

  it('SqliteLedger waits for another process that holds the store, but not for ever', async () => {
    await using ledger = await openSqliteLedger({ path, busyLimitMs: 150 });
    using other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const controller = new AbortController();
    const signal = controller.signal;
    const cancelled = ledger.claim(claimantOf('cancelled'), wants, chooseAddress, { signal });
    const refused = ledger.claim(claimantOf('late'), wants, chooseAddress);
    const [, reason] = await Promise.all([
      sleep(30).then(() => controller.abort()),
      cancelled.catch((error: unknown) => error),
    ]);
    assert.equal(reason, signal.reason);
    assert.deepEqual(await ledger.records({}), []);
    await assert.rejects(refused, failsWith('LEDGER_BUSY'));
    await using lasting = await openSqliteLedger({ path });
    const patient = claimed(lasting, claimantOf('patient'), wants);
    await sleep(30);
    other.exec('COMMIT');
    await patient;
    const uids = (await ledger.records({})).map((record) => record.holders[0]?.uid);
    assert.deepEqual(uids, ['patient-uid']);
  });

  it('SqliteLedger refuses more requests than it lets wait', async () => {
    await using ledger = await openSqliteLedger({ path, queueMax: 2 });
    await sleep(20);
    const claims = ['a', 'b', 'c'].map((pod) => ledger.claim(claimantOf(pod), wants, chooseAddress));
    const [a, b, c] = await Promise.allSettled(claims);
    assert.equal(a?.status, 'fulfilled');
    assert.equal(b?.status, 'fulfilled');
    assert.ok(c?.status === 'rejected' && failsWith('LEDGER_OVERLOADED')(c.reason));
  });

  it('SqliteLedger takes a cancelled request out of the queue', async () => {
    await using ledger = await openSqliteLedger({ path });
    const controller = new AbortController();
    const signal = controller.signal;
    const cancelled = ledger.claim(claimantOf('a'), wants, chooseAddress, { signal });
    const reason = new Error('the runtime has gone');
    controller.abort(reason);
    await assert.rejects(cancelled, reason);
    await claimed(ledger, claimantOf('b'), wants);
    assert.equal((await ledger.records({})).length, 1);
  });

  it('SqliteLedger answers what waits before it closes, and nothing after', async () => {
    const ledger = await openSqliteLedger({ path });
    const waiting = claimed(ledger, claimantOf('a'), wants);
    await ledger[Symbol.asyncDispose]();
    await waiting;
    await assert.rejects(ledger.claim(claimantOf('b'), wants, chooseAddress), failsWith('LEDGER_CLOSED'));
    await assert.rejects(ledger.records({}), failsWith('LEDGER_CLOSED'));
    await ledger[Symbol.asyncDispose]();
  });

  it('SqliteLedger fails alone the request that can’t be written', async () => {
    await using ledger = await openSqliteLedger({ path });
    const unwritable = { ...claimantOf('bad'), network: null as unknown as string };
    const bad = ledger.claim(unwritable, wants, chooseAddress);
    const good = Promise.all(['a', 'b'].map((pod) => claimed(ledger, claimantOf(pod), wants)));
    await assert.rejects(bad, /NOT NULL/);
    await good;
    const addresses = (await ledger.records({})).map((record) => record.address);
    assert.deepEqual(addresses, [ip('10.0.0.1'), ip('10.0.0.2')]);
  });

  it('SqliteLedger keeps documents by name', async () => {
    const clock = new TestClock();
    {
      await using ledger = await openSqliteLedger({ path, nowMs: clock.nowMs });
      await ledger.writeDocument('b.yaml', 'old');
      await ledger.writeDocument('b.yaml', 'new');
      await ledger.writeDocument('a.yaml', 'text');
      await ledger.writeDocument('gone.yaml', 'text');
      await ledger.deleteDocument('gone.yaml');
      await ledger.deleteDocument('never.yaml');
    }
    await using ledger = await openSqliteLedger({ path });
    assert.deepEqual(await ledger.readDocuments(), [
      { name: 'a.yaml', text: 'text', savedMs: START_MS },
      { name: 'b.yaml', text: 'new', savedMs: START_MS },
    ]);
  });

  it('SqliteLedger forgets traces that are too old', async () => {
    const clock = new TestClock();
    {
      await using ledger = await openSqliteLedger({ path, nowMs: clock.nowMs });
      for (const pod of ['a', 'b']) await claimed(ledger, claimantOf(pod), wants);
      await ledger.release(releaseOf('a', 'eth0'));
      clock.advance(20 * 3_600_000);
      await ledger.release(releaseOf('b', 'eth0'));
      clock.advance(5 * 3_600_000);
    }
    await using ledger = await openSqliteLedger({ path, nowMs: clock.nowMs });
    await ledger.confirm(claimantOf('nobody').holder);
    assert.equal(await ledger.lastHolder(ip('10.0.0.1')), undefined);
    assert.equal((await ledger.lastHolder(ip('10.0.0.2')))?.last.holders[0]?.uid, 'b-uid');
  });

  it('ReleasedStore.prune() removes in steps what is too much, but no mark that still matters', async () => {
    await writeLedger(0);
    using database = new Database(path);
    const released = new ReleasedStore(database);
    const record = { pool: 'p', network: 'n', nic: 'eth0', sinceMs: 0, holders: [] };
    database.begin('immediate');
    for (let address = 0; address < 10_450; address++) {
      released.put({ last: { ...record, address }, freedMs: START_MS + address, suspect: false });
    }
    const nowMs = START_MS + 10_450;
    assert.equal(released.prune(nowMs, 100_000), false);
    assert.ok(released.at(0));
    let steps = 1;
    while (released.prune(nowMs, 1000)) steps++;
    assert.equal(steps, 3);
    assert.equal(released.at(449), undefined);
    assert.ok(released.at(450));
    database.commit();
  });
});

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { CniAnswer } from '../support/run-cni.ts';
import type { SocketResponse } from '../support/socket-client.ts';
import { addressOf, assertRefused, assertSilentSuccess } from './harness/answers.ts';
import { whileLedgerIsLocked } from './harness/ledger-lock.ts';
import { poolManifest } from './harness/manifests.ts';
import { type Call, startNode, startSandboxNode, type TestNode } from './harness/node.ts';
import { until } from './harness/until.ts';

const pools = [poolManifest('store', { subnet: '10.90.0.0/16', ips: ['10.90.0.1-10.90.9.255'] })];
const ipam = { default_ipv4_ippool: ['store'] };

async function recorded(node: TestNode): Promise<ReadonlyMap<string, string>> {
  return new Map(
    (await node.allocations()).map(({ address, holders }) => [holders[0]?.sandbox ?? '', address]),
  );
}

/** A node whose state folder is a small disk of its own. */
function startOnSmallDisk(): Promise<TestNode> {
  return startSandboxNode({ pools }, async (sandbox, folder) => {
    const script = 'mkdir "$0" && mount -t tmpfs -o size=1m,mode=0700 tmpfs "$0"';
    const { exitCode, stderr } = await sandbox.run('sh', ['-c', script, join(folder, 'state')]);
    assert.equal(exitCode, 0, stderr);
  });
}

async function fillDisk(node: TestNode): Promise<void> {
  const { exitCode } = await node.sandbox.run('sh', [
    '-c',
    'cat /dev/zero > "$0/filler"',
    node.agent.dataDir,
  ]);
  assert.notEqual(exitCode, 0, 'the disk took everything');
}

async function freeDisk(node: TestNode): Promise<void> {
  await node.sandbox.run('rm', [join(node.agent.dataDir, 'filler')]);
}

/**
 * ADDs until one is refused because the disk is full; a refusal makes room for a few more, by a checkpoint.
 * @param acknowledged gets those that were not refused, by container id
 */
async function addUntilRefused(
  acknowledged: Map<string, string>,
  prefix: string,
  add: (call: Call) => Promise<CniAnswer | SocketResponse>,
): Promise<void> {
  for (let index = 0; index < 2000; index += 1) {
    const containerId = `${prefix}-${index}`;
    const answer = await add({ containerId, ipam });
    if ('status' in answer ? answer.status === 200 : answer.exitCode === 0) {
      acknowledged.set(containerId, addressOf(answer));
      continue;
    }
    assertRefused(answer, 11, /no space left/i);
    return;
  }
  throw new Error('the disk never was full');
}

suite('disk full', { concurrency: 2 }, () => {
  test('ADD fails with 11 and the cause, acknowledges nothing that is not on disk, and goes on once there is space', async () => {
    await using node = await startOnSmallDisk();
    const acknowledged = new Map<string, string>();
    acknowledged.set('before', addressOf(await node.ask('add', { containerId: 'before', ipam })));
    await fillDisk(node);
    await addUntilRefused(acknowledged, 'socket', (call) => node.ask('add', call));
    await addUntilRefused(acknowledged, 'plugin', (call) => node.plugin('ADD', call));
    assertSilentSuccess(await node.ask('status', { ipam }));
    assert.deepEqual(await recorded(node), acknowledged);
    // What is only in the memory of the process would be lost now.
    await node.agent.kill('SIGKILL');
    await freeDisk(node);
    await node.agent.start();
    assert.deepEqual(await recorded(node), acknowledged);
    addressOf(await node.ask('add', { containerId: 'after', ipam }));
  });

  test('DEL succeeds, and is done at the latest when there is space again', async () => {
    await using node = await startOnSmallDisk();
    for (const containerId of ['one', 'two', 'three'])
      addressOf(await node.ask('add', { containerId, ipam }));
    await fillDisk(node);
    const acknowledged = new Map<string, string>();
    await addUntilRefused(acknowledged, 'full', (call) => node.ask('add', call));
    assertSilentSuccess(await node.ask('del', { containerId: 'one', ipam }));
    assertSilentSuccess(await node.plugin('DEL', { containerId: 'two', ipam }));
    await freeDisk(node);
    await until('both DELs are done', async () => {
      const sandboxes = await recorded(node);
      return !sandboxes.has('one') && !sandboxes.has('two');
    });
    addressOf(await node.ask('add', { containerId: 'after', ipam }));
    assert.deepEqual(
      [...(await recorded(node)).keys()].sort(),
      ['after', 'three', ...acknowledged.keys()].sort(),
    );
  });

  test('an agent that is started on a full disk serves what it can, and takes up its work by itself', async () => {
    await using node = await startOnSmallDisk();
    const address = addressOf(await node.ask('add', { containerId: 'before', ipam }));
    await fillDisk(node);
    await node.agent.restart();
    const answer = await node.ask('add', { containerId: 'full', ipam });
    if (answer.status !== 200) assertRefused(answer, 11, /space|full|disk/i);
    assertSilentSuccess(await node.ask('del', { containerId: 'full', ipam }));
    await freeDisk(node);
    await until('ADDs are served again', async () => {
      return (await node.ask('add', { containerId: 'after', ipam })).status === 200;
    });
    assert.equal((await recorded(node)).get('before'), address);
  });
});

suite('ledger locked by another process', { concurrency: true }, () => {
  test('ADD fails with 11 and the cause, allocates nothing, and succeeds as soon as the lock is gone', async () => {
    await using node = await startNode({ pools });
    await whileLedgerIsLocked(node, async () => {
      const answers = await Promise.all([
        node.ask('add', { containerId: 'locked', ipam }),
        node.plugin('ADD', { containerId: 'locked-too', ipam }),
      ]);
      for (const answer of answers) assertRefused(answer, 11, /locked by another process/);
      assertSilentSuccess(await node.ask('status', { ipam }));
      assert.deepEqual(await node.allocations(), []);
    });
    addressOf(await node.ask('add', { containerId: 'locked', ipam }));
    assert.equal((await node.allocations()).length, 1);
  });

  test('an ADD waits out a short lock', async () => {
    await using node = await startNode({ pools });
    let waiting: ReturnType<TestNode['ask']> | undefined;
    await whileLedgerIsLocked(node, async () => {
      waiting = node.ask('add', { containerId: 'patient', ipam });
      await node.ask('status', { ipam });
    });
    assert.ok(waiting !== undefined);
    addressOf(await waiting);
  });
});

suite('damaged ledger', { concurrency: 2 }, () => {
  for (const [what, damage] of [
    ['is no database', (path: string) => writeFileSync(path, 'not a database at all\n'.repeat(500))],
    ['is empty', (path: string) => truncateSync(path, 0)],
    ['is cut in the middle', (path: string) => truncateSync(path, 5000)],
    [
      'has pages of noise',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 4096);
        writeFileSync(path, bytes);
      },
    ],
  ] as const) {
    test(`a ledger that ${what} is kept byte by byte and named; ADD is 11, STATUS 50, DEL leaves a tombstone`, async () => {
      await using node = await startNode({ pools });
      const address = addressOf(await node.ask('add', { containerId: 'pod', ipam }));
      await node.agent.stop();
      const path = join(node.agent.dataDir, 'ledger.db');
      const backup = join(node.agent.dataDir, 'backup.db');
      copyFileSync(path, backup);
      damage(path);
      const damaged = readFileSync(path);

      await node.agent.start();
      assertRefused(await node.plugin('ADD', { containerId: 'new', ipam }), 11, /ledger\.db.*kept as it is/);
      assertRefused(await node.ask('add', { containerId: 'pod', ipam }), 11, /ledger\.db/);
      assertRefused(await node.plugin('STATUS', { ipam }), 50, /ledger\.db/);
      assertSilentSuccess(await node.plugin('DEL', { containerId: 'pod', ipam }));
      assert.equal(node.tombstones().length, 1);
      assert.match(node.agent.log, /ledger can ?not be used/);
      await node.agent.restart();
      assertRefused(await node.ask('status', { ipam }), 50, /ledger\.db/);
      await node.agent.stop();
      assert.deepEqual(readFileSync(path), damaged);

      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
      copyFileSync(backup, path);
      await node.agent.start();
      // The tombstone of the DEL that was answered meanwhile is played back on the restored file.
      assert.deepEqual(await node.allocations(), []);
      assert.equal(node.tombstones().length, 0);
      const next = { containerId: 'next', ipam, args: `IP=${address}` };
      assert.equal(addressOf(await node.ask('add', next)), address);
      assert.ok(!existsSync(`${path}.bak`));
    });
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { addressOf, assertRefused, assertSilentSuccess } from './harness/answers.ts';
import { whileLedgerIsLocked } from './harness/ledger-lock.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode, type TestNode } from './harness/node.ts';
import { until } from './harness/until.ts';

/** A single address: an ADD succeeds only when what was released before is free. */
const single = poolManifest('single', { subnet: '10.40.0.0/24', ips: ['10.40.0.7'] });
const some = poolManifest('some', { subnet: '10.41.0.0/24', ips: ['10.41.0.10-10.41.0.40'] });
const onSingle = { default_ipv4_ippool: ['single'] };
const onSome = { default_ipv4_ippool: ['some'] };

function tombstoneName(containerId: string, ifName = 'eth0'): string {
  return `${createHash('sha256').update(`${containerId}\0${ifName}`).digest('hex')}.json`;
}

async function sandboxesOf(node: TestNode): Promise<readonly (string | undefined)[]> {
  return (await node.allocations()).map(({ holders }) => holders[0]?.sandbox);
}

// The plugin waits 10 s for an agent that is away, the agent some seconds for its ledger: the tests wait side by side.
suite('tombstones', { concurrency: true }, () => {
  test('every verb but DEL fails with its code, DEL succeeds and leaves a tombstone that is played back before the first ADD', async () => {
    await using node = await startNode({ pools: [single] });
    const former = { containerId: 'former', ipam: onSingle, args: podArgs('former') };
    const address = addressOf(await node.plugin('ADD', former));
    await node.agent.stop();
    const [add, check, gc, status, del, delTwice] = await Promise.all([
      node.plugin('ADD', { ...former, containerId: 'in-vain' }),
      node.plugin('CHECK', { ...former, config: { prevResult: {} } }),
      node.plugin('GC', { ...former, config: { 'cni.dev/valid-attachments': [] } }),
      node.plugin('STATUS', former),
      node.plugin('DEL', former),
      node.plugin('DEL', former),
    ]);
    for (const answer of [add, check, gc]) assertRefused(answer, 11, /does not answer.*running on this node/);
    assertRefused(status, 50, /does not answer/);
    for (const answer of [del, delTwice]) {
      assertSilentSuccess(answer);
      assert.match(answer.stderr, /a tombstone was left/);
    }
    assert.deepEqual(node.tombstones(), [tombstoneName('former')]);
    const file = join(node.agent.dataDir, 'tombstones', tombstoneName('former'));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, 'utf8'), /"containerId":"former"/);

    await node.agent.start();
    assert.deepEqual(node.tombstones(), []);
    assert.deepEqual(await node.allocations(), []);
    assert.equal(
      addressOf(await node.plugin('ADD', { ...former, containerId: 'next', args: podArgs('next') })),
      address,
    );
  });

  test('a tombstone does not release the attachment that a new ADD has made with the same container id', async () => {
    await using node = await startNode({ pools: [some] });
    const call = { containerId: 'reused', ipam: onSome };
    addressOf(await node.plugin('ADD', call));
    await node.agent.stop();
    assertSilentSuccess(await node.plugin('DEL', call));
    assert.deepEqual(node.tombstones(), [tombstoneName('reused')]);
    // The runtime asks while the agent is still away; the plugin waits for it.
    const waiting = node.plugin('ADD', call);
    await node.agent.start();
    const address = addressOf(await waiting);
    assert.deepEqual(node.tombstones(), []);
    await node.agent.restart();
    assert.deepEqual(
      (await node.allocations()).map((one) => one.address),
      [address],
    );
  });

  test('STATUS, ADD and DEL of an agent that comes back while they wait are served', async () => {
    await using node = await startNode({ pools: [some] });
    const call = { containerId: 'patient', ipam: onSome };
    addressOf(await node.plugin('ADD', call));
    await node.agent.kill();
    const waiting = [
      node.plugin('ADD', { ...call, containerId: 'other' }),
      node.plugin('DEL', call),
      node.plugin('STATUS', call),
    ];
    await node.agent.start();
    for (const { exitCode, stderr } of await Promise.all(waiting))
      assert.deepEqual([exitCode, stderr], [0, '']);
    assert.deepEqual(await sandboxesOf(node), ['other']);
    assert.deepEqual(node.tombstones(), []);
  });

  test('a DEL that the locked ledger keeps waiting is answered from a tombstone, and never undoes the ADD after it', async () => {
    await using node = await startNode({ pools: [some] });
    const call = { containerId: 'locked', ipam: onSome };
    addressOf(await node.ask('add', call));
    await whileLedgerIsLocked(node, async () => {
      assertSilentSuccess(await node.ask('del', call));
      assert.deepEqual(node.tombstones(), [tombstoneName('locked')]);
      assertSilentSuccess(await node.ask('del', call));
      assertRefused(await node.ask('add', call), 11, /locked by another process|has to be done first/);
      assert.deepEqual(node.tombstones(), [tombstoneName('locked')]);
    });
    const address = addressOf(await node.ask('add', call));
    assert.deepEqual(node.tombstones(), []);
    await node.agent.restart();
    assert.deepEqual(
      (await node.allocations()).map((one) => one.address),
      [address],
    );
  });

  test('tombstones that a locked ledger left are played back by themselves', async () => {
    await using node = await startNode({ pools: [some] });
    const calls = ['one', 'two', 'three'].map((containerId) => ({ containerId, ipam: onSome }));
    for (const call of calls) addressOf(await node.ask('add', call));
    await whileLedgerIsLocked(node, async () => {
      for (const answer of await Promise.all(calls.map((call) => node.ask('del', call))))
        assertSilentSuccess(answer);
      assert.equal(node.tombstones().length, 3);
    });
    await until('the tombstones are gone', () => node.tombstones().length === 0);
    assert.deepEqual(await node.allocations(), []);
  });

  test('tombstones of an agent that was killed with them are played back by the next one', async () => {
    await using node = await startNode({ pools: [single] });
    const call = { containerId: 'killed', ipam: onSingle };
    addressOf(await node.ask('add', call));
    await whileLedgerIsLocked(node, async () => {
      assertSilentSuccess(await node.ask('del', call));
      await node.agent.kill();
    });
    await node.agent.start();
    assert.deepEqual(await node.allocations(), []);
    assert.deepEqual(node.tombstones(), []);
    addressOf(await node.ask('add', { ...call, containerId: 'next' }));
  });

  test('damaged and foreign files among the tombstones are put aside or left, and stop nothing', async () => {
    await using node = await startNode({ pools: [some] });
    const call = { containerId: 'living', ipam: onSome };
    const address = addressOf(await node.plugin('ADD', call));
    await node.agent.stop();
    const folder = join(node.agent.dataDir, 'tombstones');
    const damaged = [
      ['living', '{"version":1,"containerId":"living","ifNa'],
      ['other-version', '{"version":2,"containerId":"living","ifName":"eth0","createdMs":1}'],
      ['extra-key', '{"version":1,"containerId":"living","ifName":"eth0","createdMs":1,"all":true}'],
      ['too-long', `{"version":1,"containerId":"living","ifName":"eth0","createdMs":1}${' '.repeat(5000)}`],
    ] as const;
    for (const [name, text] of damaged) writeFileSync(join(folder, tombstoneName(name)), text);
    writeFileSync(join(folder, 'README'), 'not ours');
    await node.agent.start();
    const expected = [...damaged.map(([name]) => `${tombstoneName(name)}.damaged`), 'README'];
    assert.deepEqual([...node.tombstones()].sort(), expected.sort());
    assert.match(node.agent.log, /tombstone is damaged, put aside/);
    assert.equal((await node.allocations())[0]?.address, address);
    assert.equal(addressOf(await node.plugin('ADD', call)), address);
    assertSilentSuccess(await node.plugin('DEL', call));
    assert.deepEqual(await node.allocations(), []);
  });

  test('repeated DELs with and without a record change nothing and leave no tombstone', async () => {
    await using node = await startNode({ pools: [some] });
    const call = { containerId: 'repeated', ipam: onSome };
    addressOf(await node.plugin('ADD', call));
    addressOf(await node.plugin('ADD', { ...call, containerId: 'neighbour' }));
    for (let round = 0; round < 3; round += 1) assertSilentSuccess(await node.plugin('DEL', call));
    assert.deepEqual(await sandboxesOf(node), ['neighbour']);
    assert.deepEqual(node.tombstones(), []);
  });
});

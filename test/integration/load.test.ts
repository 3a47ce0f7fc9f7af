import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addressesOf, addressOf, assertRefused, assertSilentSuccess, resultOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode } from './harness/node.ts';

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

suite('load', () => {
  test('200 ADDs at once through the plugin’s own processes give 200 different addresses of each family', async () => {
    const pools = [
      poolManifest('load-v4', { subnet: '10.60.0.0/24', ips: ['10.60.0.1-10.60.0.200'] }),
      poolManifest('load-v6', { subnet: 'fd60::/64', ips: ['fd60::1-fd60::c8'] }),
    ];
    const ipam = { default_ipv4_ippool: ['load-v4'], default_ipv6_ippool: ['load-v6'] };
    await using node = await startNode({ pools });
    const calls = names('burst', 200).map((containerId) => ({
      containerId,
      ipam,
      args: podArgs(containerId),
    }));
    const answers = await Promise.all(calls.map((call) => node.plugin('ADD', call)));
    const addresses = answers.flatMap((answer) => addressesOf(answer));
    assert.equal(new Set(addresses).size, 400);
    assert.deepEqual(
      new Map((await node.allocations()).map(({ address, holders }) => [address, holders[0]?.sandbox])),
      new Map(
        answers.flatMap((answer, index) => addressesOf(answer).map((it) => [it, calls[index]?.containerId])),
      ),
    );
    assertRefused(await node.plugin('ADD', { containerId: 'one-more', ipam }), 103, /no free IPv4 address/);
    for (const answer of await Promise.all(calls.map((call) => node.plugin('DEL', call))))
      assertSilentSuccess(answer);
    assert.deepEqual(await node.allocations(), []);
  });

  test('500 ADDs at once through the socket give 500 different addresses', async () => {
    const pool = poolManifest('load', { subnet: '10.61.0.0/16', ips: ['10.61.0.1-10.61.1.244'] });
    const ipam = { default_ipv4_ippool: ['load'] };
    await using node = await startNode({ pools: [pool] });
    const calls = names('socket', 500).map((containerId) => ({ containerId, ipam }));
    const answers = await Promise.all(calls.map((call) => node.ask('add', call)));
    assert.equal(new Set(answers.map(addressOf)).size, 500);
    const { allocated, free, total } = await node.pool('load');
    assert.deepEqual([allocated, free, total], [500, 0, 500]);
  });

  test('the same ADD asked 50 times at once gives one address', async () => {
    const pool = poolManifest('load', { subnet: '10.62.0.0/24', ips: ['10.62.0.1-10.62.0.9'] });
    await using node = await startNode({ pools: [pool] });
    const call = { containerId: 'same', ipam: { default_ipv4_ippool: ['load'] }, args: podArgs('same') };
    const answers = await Promise.all(names('call', 50).map(() => node.ask('add', call)));
    assert.equal(new Set(answers.map(addressOf)).size, 1);
    assert.equal((await node.allocations()).length, 1);
  });

  test('a pool of exactly 64 addresses serves 64 of 100 ADDs at once and refuses the others with its counts', async () => {
    const pool = poolManifest('exact', {
      subnet: '10.63.0.0/24',
      ips: ['10.63.0.1-10.63.0.66'],
      excludeIPs: ['10.63.0.2', '10.63.0.65'],
    });
    const ipam = { default_ipv4_ippool: ['exact'] };
    await using node = await startNode({ pools: [pool] });
    const answers = await Promise.all(
      names('exact', 100).map((containerId) => node.ask('add', { containerId, ipam })),
    );
    const served = answers.filter(({ status }) => status === 200);
    assert.equal(served.length, 64);
    assert.equal(new Set(served.map(addressOf)).size, 64);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assertRefused(
        answer,
        103,
        /NIC eth0: pool exact \(total 64, allocated 64, reserved 0, excluded 2, suspect 0\)/,
      );
    }
    const [first = ''] = (await node.allocations()).map(({ holders }) => holders[0]?.sandbox);
    assertSilentSuccess(await node.ask('del', { containerId: first, ipam }));
    addressOf(await node.ask('add', { containerId: 'after-all', ipam }));
  });

  test('an exhausted pool falls back to the next one of the list, in its order', async () => {
    const pools = [
      poolManifest('b-first', { subnet: '10.64.0.0/24', ips: ['10.64.0.1-10.64.0.2'] }),
      poolManifest('a-second', { subnet: '10.65.0.0/24', ips: ['10.65.0.1'] }),
    ];
    const ipam = { default_ipv4_ippool: ['b-first', 'a-second'] };
    await using node = await startNode({ pools });
    const taken: string[] = [];
    for (const containerId of names('fall', 3))
      taken.push(addressOf(await node.ask('add', { containerId, ipam })));
    assert.deepEqual(taken, ['10.64.0.1', '10.64.0.2', '10.65.0.1']);
    const refusal = assertRefused(
      await node.ask('add', { containerId: 'fall-3', ipam }),
      103,
      /pool b-first \(total 2/,
    );
    assert.match(refusal.msg, /pool a-second \(total 1, allocated 1/);
  });

  test('a dual-stack ADD takes nothing when one family is exhausted', async () => {
    const pools = [
      poolManifest('many-v4', { subnet: '10.66.0.0/24', ips: ['10.66.0.1-10.66.0.99'] }),
      poolManifest('few-v6', { subnet: 'fd66::/64', ips: ['fd66::1-fd66::3'] }),
    ];
    const ipam = { default_ipv4_ippool: ['many-v4'], default_ipv6_ippool: ['few-v6'] };
    await using node = await startNode({ pools });
    const answers = await Promise.all(
      names('dual', 20).map((containerId) => node.ask('add', { containerId, ipam })),
    );
    const served = answers.filter(({ status }) => status === 200);
    assert.equal(served.length, 3);
    for (const answer of served) assert.equal(resultOf(answer).ips.length, 2);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assertRefused(answer, 103, /no free IPv6 address for NIC eth0: pool few-v6/);
    }
    const { allocated, cooling } = await node.pool('many-v4');
    assert.deepEqual([allocated, cooling], [3, 0]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere, StandInAgent } from './testing/ctl-harness.ts';

const allocation = {
  address: 'fd00:6::15',
  pool: 'vlan6-v6',
  network: 'macvlan-vlan6',
  nic: 'net1',
  since: '2020-01-02T03:04:05Z',
  holders: [
    {
      uid: 'u-1',
      sandbox: 's-1',
      node: 'worker-1',
      pod: 'default/web-0',
      netns: { path: '/var/run/netns/n1', device: '4', inode: '4026532621' },
    },
  ],
};

test('spiderpoolctl who shows the holder, and asks for the canonical address', async () => {
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations/fd00:6::15': JSON.stringify({
      address: 'fd00:6::15',
      pools: ['vlan6-v6'],
      allocation,
    }),
  });
  const ran = await runHere(['who', 'FD00:6:0::0015', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 0);
  assert.equal(
    ran.stdout.replace(/\(\d+y ago\)/, '(… ago)'),
    [
      'fd00:6::15 belongs to default/web-0\n',
      '  pool     vlan6-v6\n',
      '  network  macvlan-vlan6\n',
      '  NIC      net1\n',
      '  since    2020-01-02T03:04:05Z (… ago)\n',
      '  pod      default/web-0\n',
      '  uid      u-1\n',
      '  sandbox  s-1\n',
      '  node     worker-1\n',
      '  netns    /var/run/netns/n1\n',
    ].join(''),
  );
});

test('spiderpoolctl who says no with exit status 1, and who had the address last', async () => {
  const who = {
    address: '10.6.0.15',
    pools: ['a', 'b'],
    last: { allocation, freed: new Date(Date.now() - 40_500).toISOString(), suspect: true },
  };
  await using agent = await StandInAgent.listen({ 'GET /v1/allocations/10.6.0.15': JSON.stringify(who) });
  const ran = await runHere(['who', '10.6.0.15', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stdout, /^nobody has 10\.6\.0\.15\n {2}pools {4}a, b\n {2}last {5}default\/web-0\n/);
  assert.match(ran.stdout, /\n {2}freed {4}\S+ \(4\ds ago\)\n {2}suspect {2}its node was unreachable/);
  const json = await runHere(['who', '10.6.0.15', '-o', 'json', '--socket', agent.socketPath]);
  assert.equal(json.exitCode, 1);
  assert.deepEqual(JSON.parse(json.stdout), who);
});

test('spiderpoolctl who tells an address of no pool from one that was never used', async () => {
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations/10.6.0.15': '{"address":"10.6.0.15","pools":[]}',
  });
  const ran = await runHere(['who', '10.6.0.15', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 1);
  assert.equal(ran.stdout, 'nobody has 10.6.0.15\n  pools  in no pool\n  last   nobody that is remembered\n');
});

test('spiderpoolctl who refuses what is no single address', async () => {
  for (const [text, hint] of [
    ['10.6.0.0/24', /without its prefix length: 10\.6\.0\.0/],
    ['10.6.0.015', /Write an IPv4 or IPv6 address/],
    ['\u001b[2J', /value '\\u001b\[2J' is invalid/],
  ] as const) {
    const ran = await runHere(['who', text]);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, hint);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere, StandInAgent } from './testing/ctl-harness.ts';

const holder = (pod: string): object => ({
  uid: `uid-of-${pod}`,
  sandbox: '4f1d2c3b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff001',
  node: 'worker-1',
  pod,
});

const record = (address: string, more: object = {}): object => ({
  address,
  pool: 'vlan6-v4',
  network: 'macvlan-vlan6',
  nic: 'eth0',
  since: new Date(Date.now() - 185_000).toISOString(),
  holders: [holder('default/web-7d9f6c5b4d-x2kqj')],
  ...more,
});

test('spiderpoolctl allocations prints who has what, since when', async () => {
  const allocations = [
    record('10.6.0.15'),
    record('10.6.0.16', { holders: [holder('')] }),
    record('10.6.0.17', {
      owner: { kind: 'StatefulSet', namespace: 'default', name: 'db-0' },
      holders: [],
    }),
    record('10.6.0.18', { holders: [holder('default/old'), holder('default/new')] }),
  ];
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations?limit=1000': JSON.stringify({ allocations }),
  });
  const ran = await runHere(['allocations', '--socket', agent.socketPath]);
  assert.equal(
    ran.stdout,
    [
      'ADDRESS    POOL      NETWORK        NIC   HELD BY                                 NODE      SANDBOX       AGE\n',
      '10.6.0.15  vlan6-v4  macvlan-vlan6  eth0  default/web-7d9f6c5b4d-x2kqj            worker-1  4f1d2c3b5a69   3m\n',
      '10.6.0.16  vlan6-v4  macvlan-vlan6  eth0  container 4f1d2c3b5a69                  worker-1  4f1d2c3b5a69   3m\n',
      '10.6.0.17  vlan6-v4  macvlan-vlan6  eth0  StatefulSet default/db-0 (no pod runs)                           3m\n',
      '10.6.0.18  vlan6-v4  macvlan-vlan6  eth0  default/new (+1)                        worker-1  4f1d2c3b5a69   3m\n',
    ].join(''),
  );
});

test('spiderpoolctl allocations fits into a narrow terminal', async () => {
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations?limit=1000': JSON.stringify({ allocations: [record('10.6.0.15')] }),
  });
  const ran = await runHere(['allocations', '--socket', agent.socketPath], { terminalColumns: 90 });
  // oxlint-disable-next-line no-control-regex -- the styles are to be taken away
  const lines = ran.stdout.replaceAll(/\u001b\[\d+m/g, '').split('\n');
  for (const line of lines) assert.ok(line.length <= 90, line);
  assert.equal(
    lines[1],
    '10.6.0.15  vlan6-v4  macvlan-vlan6  eth0  default/w…b4d-x2kqj  worker-1  4f1d2c3b5a69   3m',
  );
});

test('spiderpoolctl allocations merges all pages into one answer and passes the filter on', async () => {
  const filter = 'pool=p+1&node=n&sandbox=s&uid=u&nic=net1&network=net%26';
  await using agent = await StandInAgent.listen({
    [`GET /v1/allocations?${filter}&limit=1000`]: JSON.stringify({
      allocations: [record('10.6.0.1', { 'a later key': 1 }), record('10.6.0.2')],
      next: '10.6.0.2',
    }),
    [`GET /v1/allocations?${filter}&limit=1000&after=10.6.0.2`]: JSON.stringify({
      allocations: [],
      next: 'fd00::2',
    }),
    [`GET /v1/allocations?${filter}&limit=1000&after=fd00%3A%3A2`]: JSON.stringify({
      allocations: [record('fd00::3')],
    }),
  });
  const switches = [
    '--pool',
    'p 1',
    '--node',
    'n',
    '--sandbox',
    's',
    '--uid',
    'u',
    '--nic',
    'net1',
    '--network',
    'net&',
  ];
  const ran = await runHere(['allocations', ...switches, '-o', 'json', '--socket', agent.socketPath]);
  assert.equal(ran.stderr, '');
  const merged = JSON.parse(ran.stdout) as { allocations: { address: string; 'a later key'?: number }[] };
  assert.deepEqual(Object.keys(merged), ['allocations']);
  assert.deepEqual(
    merged.allocations.map(({ address }) => address),
    ['10.6.0.1', '10.6.0.2', 'fd00::3'],
  );
  assert.equal(merged.allocations[0]?.['a later key'], 1);
});

test('spiderpoolctl allocations --pod shows those of that pod, whichever of its holders it is', async () => {
  const allocations = [
    record('10.6.0.15', { holders: [holder('default/a')] }),
    record('10.6.0.16', { holders: [holder('default/b')] }),
    record('10.6.0.17', { holders: [holder('default/a'), holder('default/b')] }),
  ];
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations?limit=1000': JSON.stringify({ allocations }),
  });
  const args = ['allocations', '--pod', 'default/a', '-o', 'json', '--socket', agent.socketPath];
  const shown = JSON.parse((await runHere(args)).stdout) as { allocations: { address: string }[] };
  assert.deepEqual(
    shown.allocations.map(({ address }) => address),
    ['10.6.0.15', '10.6.0.17'],
  );
  assert.equal((await runHere(['allocations', '--pod', 'a'])).exitCode, 2);
});

test('spiderpoolctl allocations aligns a long table in pieces, with one header', async () => {
  const count = 6_000;
  const all = Array.from({ length: count }, (_, index) =>
    record(`10.6.${Math.floor(index / 256)}.${index % 256}`),
  );
  await using agent = await StandInAgent.listen(({ url }, response) => {
    const after = new URL(url, 'http://agent').searchParams.get('after');
    const begin = after === null ? 0 : Number(after);
    const end = begin + 1_000;
    const next = end < count ? { next: String(end) } : {};
    response.end(JSON.stringify({ allocations: all.slice(begin, end), ...next }));
  });
  const ran = await runHere(['allocations', '--socket', agent.socketPath]);
  const lines = ran.stdout.trimEnd().split('\n');
  assert.equal(lines.length, count + 1);
  assert.equal(lines.filter((line) => line.startsWith('ADDRESS')).length, 1);
});

test('spiderpoolctl allocations stops when the pages of the agent do not move on', async () => {
  await using agent = await StandInAgent.listen((_request, response) => {
    response.end(JSON.stringify({ allocations: [], next: 'always' }));
  });
  const ran = await runHere(['allocations', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stderr, /pages of allocations don't end/);
  assert.equal(agent.requests.length, 2);
});

test('spiderpoolctl allocations says so when nothing matches', async () => {
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations?limit=1000': '{"allocations":[]}',
  });
  const args = ['allocations', '--socket', agent.socketPath];
  assert.deepEqual(await runHere(args), {
    exitCode: 0,
    stdout: '',
    stderr: 'no allocated address matches\n',
  });
  assert.equal((await runHere([...args, '-o', 'yaml'])).stdout, 'allocations: []\n');
});

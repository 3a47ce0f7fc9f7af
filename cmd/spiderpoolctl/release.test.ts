import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere, runProcess, StandInAgent } from './testing/ctl-harness.ts';

const allocation = {
  address: '10.6.0.15',
  pool: 'vlan6-v4',
  network: 'macvlan-vlan6',
  nic: 'eth0',
  since: new Date(Date.now() - 3 * 3_600_000 - 5_000).toISOString(),
  holders: [
    { uid: 'u-0', sandbox: 's-0', node: 'worker-1', pod: 'default/old' },
    { uid: 'u 1', sandbox: 's-1', node: 'worker-1', pod: 'default/web-0' },
  ],
};
const answers = {
  'GET /v1/allocations/10.6.0.15': JSON.stringify({ address: '10.6.0.15', pools: ['vlan6-v4'], allocation }),
  'DELETE /v1/allocations/10.6.0.15?uid=u+1&sandbox=s-1': JSON.stringify({ released: allocation }),
};
const released = 'released 10.6.0.15 of pool vlan6-v4 from default/web-0 (+1) (held for 3h)\n';

const methods = (agent: StandInAgent): readonly string[] => agent.requests.map(({ method }) => method);

test('spiderpoolctl release is refused without --yes when nobody can be asked', async () => {
  await using agent = await StandInAgent.listen(answers);
  const ran = await runProcess(['release', '10.6.0.15', '--socket', agent.socketPath], { input: 'y\n' });
  assert.equal(ran.exitCode, 1);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /not released without being asked, and this is no terminal: add --yes/);
  assert.deepEqual(methods(agent), []);
});

test('spiderpoolctl release --yes releases the record that it saw', async () => {
  await using agent = await StandInAgent.listen(answers);
  const ran = await runHere(['release', '10.6.0.15', '--yes', '--socket', agent.socketPath]);
  assert.deepEqual(ran, { exitCode: 0, stdout: released, stderr: '' });
});

test('spiderpoolctl release shows the holder and asks on a terminal', async () => {
  await using agent = await StandInAgent.listen(answers);
  const ran = await runHere(['release', '10.6.0.15', '--socket', agent.socketPath], {
    terminalColumns: 80,
    input: 'Yes\n',
  });
  assert.equal(ran.exitCode, 0);
  assert.equal(ran.stdout, released);
  assert.match(ran.stderr, /^10\.6\.0\.15 belongs to default\/web-0 \(\+1\)\n {2}pool {5}vlan6-v4\n/);
  assert.match(ran.stderr, /Release 10\.6\.0\.15\? \[y\/N\] $/);
});

test('spiderpoolctl release takes anything but yes, and the end of the input, for a no', async () => {
  await using agent = await StandInAgent.listen(answers);
  for (const input of ['n\n', '\n', 'yesterday\n', '']) {
    const ran = await runHere(['release', '10.6.0.15', '--socket', agent.socketPath], {
      terminalColumns: 80,
      input,
    });
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /10\.6\.0\.15 was not released/);
  }
  assert.ok(!methods(agent).includes('DELETE'));
});

test('spiderpoolctl release sends no holder for an address that is kept for its owner', async () => {
  const kept = {
    ...allocation,
    owner: { kind: 'StatefulSet', namespace: 'default', name: 'db-0' },
    holders: [],
  };
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations/10.6.0.15': JSON.stringify({ address: '10.6.0.15', pools: [], allocation: kept }),
    'DELETE /v1/allocations/10.6.0.15': JSON.stringify({ released: kept }),
  });
  const ran = await runHere(['release', '10.6.0.15', '-y', '-o', 'yaml', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^released:\n {2}address: 10\.6\.0\.15\n/);
});

test('spiderpoolctl release says no when nobody has the address, or somebody else has it by now', async () => {
  await using free = await StandInAgent.listen({
    'GET /v1/allocations/10.6.0.15': '{"address":"10.6.0.15","pools":["a"]}',
  });
  const nobody = await runHere(['release', '10.6.0.15', '--yes', '--socket', free.socketPath]);
  assert.equal(nobody.exitCode, 1);
  assert.match(nobody.stderr, /nobody has 10\.6\.0\.15: there is nothing to release/);

  await using changed = await StandInAgent.listen(({ method }, response) => {
    if (method === 'GET') response.end(answers['GET /v1/allocations/10.6.0.15']);
    else response.writeHead(409).end('{"code":409,"msg":"default/new has it now","details":"uid u-2"}');
  });
  const other = await runHere(['release', '10.6.0.15', '--yes', '--socket', changed.socketPath]);
  assert.equal(other.exitCode, 1);
  assert.equal(other.stderr, 'spiderpoolctl: default/new has it now (uid u-2) [code 409]\n');
});

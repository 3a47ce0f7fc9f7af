import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { addressOf, resultOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode } from './harness/node.ts';

const pools = [
  poolManifest('ctl-v4', {
    subnet: '10.100.0.0/24',
    ips: ['10.100.0.10-10.100.0.29'],
    excludeIPs: ['10.100.0.29'],
    gateway: '10.100.0.1',
  }),
  poolManifest('ctl-big', { subnet: 'fd64::/64', ips: ['fd64::1-fd64::ff:ffff:ffff:ffff'] }),
  poolManifest('ctl-off', { subnet: '10.101.0.0/24', ips: ['10.101.0.10'], disable: true }),
];
const ipam = { default_ipv4_ippool: ['ctl-v4'] };

const executable = fileURLToPath(new URL('../../dist/spiderpoolctl.js', import.meta.url));
const node = await startNode({ pools });
after(() => node[Symbol.asyncDispose]());

/** Runs the tool as a script would: no terminal. */
function ctl(...args: readonly string[]): Promise<CommandResult> {
  return runCommand(process.execPath, [executable, '--socket', node.agent.socketPath, ...args]);
}

async function ctlJson(...args: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await ctl(...args, '-o', 'json');
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout);
}

suite('spiderpoolctl', { concurrency: 2 }, () => {
  test('pools shows every pool with its counts, exact beyond 2^53', async () => {
    const { exitCode, stdout } = await ctl('pools');
    assert.equal(exitCode, 0);
    for (const name of ['ctl-v4', 'ctl-big', 'ctl-off']) assert.match(stdout, new RegExp(`^${name}\\b`, 'm'));
    const json = await ctl('pools', '-o', 'json');
    assert.match(json.stdout, /"total": ?72057594037927935\b/);
    const { pools: shown } = (await ctlJson('pools')) as {
      pools: { name: string; total: number; excluded: number }[];
    };
    const pool = shown.find(({ name }) => name === 'ctl-v4');
    assert.deepEqual([pool?.total, pool?.excluded], [19, 1]);
    assert.match((await ctl('pools', '-o', 'yaml')).stdout, /name: ctl-big/);
  });

  test('allocations and who show who has an address, and who had it last', async () => {
    const call = { containerId: 'ctl-web', args: podArgs('ctl-web'), ipam };
    const address = addressOf(await node.plugin('ADD', call));
    const listed = await ctl('allocations');
    assert.match(listed.stdout, new RegExp(`${address.replaceAll('.', '\\.')}\\s.*default/ctl-web`));
    const { allocations } = (await ctlJson('allocations')) as { allocations: { address: string }[] };
    assert.ok(allocations.some((one) => one.address === address));
    const who = await ctl('who', address);
    assert.equal(who.exitCode, 0);
    assert.match(who.stdout, /default\/ctl-web/);
    resultOf(await node.plugin('DEL', call));
    const last = await ctl('who', address);
    assert.equal(last.exitCode, 1);
    assert.match(last.stdout, /default\/ctl-web/);
    assert.equal((await ctl('who', '10.100.0.300')).exitCode, 2);
  });

  test('explain shows candidates, reasons and the address without taking it', async () => {
    const args = ['explain', '--ipv4-pool', 'ctl-off', '--ipv4-pool', 'ctl-v4', '--pod', 'default/planned'];
    const { exitCode, stdout } = await ctl(...args);
    assert.equal(exitCode, 0);
    assert.match(stdout, /ctl-off.*disabled/);
    const explained = (await ctlJson(...args)) as { nics: { address: string; pool: string }[] };
    assert.equal(explained.nics[0]?.pool, 'ctl-v4');
    assert.match(explained.nics[0].address, /^10\.100\.0\.\d+\/24$/);
    assert.ok((await node.allocations()).every(({ holders }) => holders[0]?.pod !== 'default/planned'));
    const refused = await ctl('explain', '--ipv4-pool', 'ctl-off');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout, /ctl-off.*disabled/);
  });

  test('explain reads the network configuration that a runtime has', async () => {
    const file = join(node.agent.dataDir, '10-net.conflist');
    const { ipam: ipamConfig } = node.config({ ipam });
    const plugins = [{ type: 'macvlan', master: 'eth0', ipam: ipamConfig }, { type: 'tuning' }];
    writeFileSync(file, JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins }));
    const explained = (await ctlJson('explain', '--config', file)) as { nics: { pool: string }[] };
    assert.equal(explained.nics[0]?.pool, 'ctl-v4');
  });

  test('release asks first: refused without a terminal, done with --yes', async () => {
    const call = { containerId: 'ctl-stuck', args: podArgs('ctl-stuck'), ipam };
    const address = addressOf(await node.plugin('ADD', call));
    const asked = await ctl('release', address);
    assert.notEqual(asked.exitCode, 0);
    assert.match(asked.stderr, /--yes/);
    assert.ok((await node.allocations()).some((one) => one.address === address));
    const released = await ctl('release', address, '--yes');
    assert.equal(released.exitCode, 0, released.stderr);
    assert.ok(!(await node.allocations()).some((one) => one.address === address));
    assert.match(node.agent.log, /released on request/);
    assert.equal((await ctl('release', address, '--yes')).exitCode, 1);
  });

  test('gc starts a pass of the sweep', async () => {
    const pass = (await ctlJson('gc')) as { examined: number; freed: string[] };
    assert.deepEqual(pass.freed, []);
  });

  test('an agent that is away is status 3 and says what to look at', async () => {
    const socket = join(node.agent.dataDir, 'nobody.sock');
    const { exitCode, stdout, stderr } = await runCommand(process.execPath, [
      executable,
      '--socket',
      socket,
      'pools',
    ]);
    assert.deepEqual([exitCode, stdout], [3, '']);
    assert.match(stderr, /nobody\.sock/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
});

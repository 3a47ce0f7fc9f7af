import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findCniPlugins } from './cni-plugins.ts';
import { exchangeTcp } from './exchange-tcp.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { readNetworkState } from './network-state.ts';
import { runCni, runCniOrThrow } from './run-cni.ts';
import { createSandbox, type Sandbox, SandboxError } from './sandbox.ts';
import { createUplink, kernelHasMacvlan } from './uplink.ts';

const { dir } = await findCniPlugins(['bridge', 'macvlan', 'host-local']);

function ipam(sandbox: Sandbox): object {
  return {
    type: 'host-local',
    dataDir: `${sandbox.folder}/host-local`,
    ranges: [
      [{ subnet: '10.77.0.0/24', gateway: '10.77.0.1' }],
      [{ subnet: 'fd00:77::/64', gateway: 'fd00:77::1' }],
    ],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  };
}

async function attach(sandbox: Sandbox, netns: NetworkNamespace, config: object): Promise<void> {
  await runCniOrThrow({
    plugin: 'type' in config ? String(config.type) : '',
    command: 'ADD',
    config: { cniVersion: '1.1.0', name: 'net', ipam: ipam(sandbox), ...config },
    containerId: netns.path.replaceAll('/', '-').slice(1),
    ifName: 'eth0',
    netns: netns.path,
    cniPath: [dir],
    sandbox,
  });
}

test('readNetworkState() and exchangeTcp() see what the real bridge plugin has made', async () => {
  await using sandbox = await createSandbox();
  const [first, second] = [await sandbox.createNetworkNamespace(), await sandbox.createNetworkNamespace()];
  for (const netns of [first, second])
    await attach(sandbox, netns, { type: 'bridge', bridge: 'br0', isGateway: true });
  const state = await readNetworkState(second);
  assert.deepEqual(
    state.nics.map(({ name, addresses }) => ({ name, addresses })),
    [{ name: 'eth0', addresses: ['10.77.0.3/24', 'fd00:77::3/64'] }],
  );
  assert.deepEqual(
    state.routes.map(({ destination, gateway }) => `${destination} ${gateway ?? 'link'}`).sort(),
    ['0.0.0.0/0 10.77.0.1', '10.77.0.0/24 link', '::/0 fd00:77::1', 'fd00:77::/64 link'],
  );
  assert.deepEqual(await exchangeTcp(first, second, '10.77.0.3', { request: 'ping', answer: 'pong' }), {
    received: 'ping',
    answered: 'pong',
    clientAddress: '10.77.0.2',
  });
  const overIpv6 = await exchangeTcp(second, first, 'fd00:77::2');
  assert.equal(overIpv6.clientAddress, 'fd00:77::3');
});

test('readNetworkState() finds nothing in a new namespace', async () => {
  await using sandbox = await createSandbox();
  const netns = await sandbox.createNetworkNamespace();
  assert.deepEqual(await readNetworkState(netns), { nics: [], routes: [] });
});

test('exchangeTcp() fails between pods that share no network', async () => {
  await using sandbox = await createSandbox();
  const [alone, other] = [await sandbox.createNetworkNamespace(), await sandbox.createNetworkNamespace()];
  await attach(sandbox, other, { type: 'bridge', bridge: 'br0' });
  await assert.rejects(
    exchangeTcp(alone, other, '10.77.0.2'),
    /no connection to 10\.77\.0\.2: .*ENETUNREACH/,
  );
});

test('createUplink() carries macvlan where the kernel has it', async (context) => {
  await using sandbox = await createSandbox();
  const uplink = await createUplink(sandbox, dir);
  if (!(await kernelHasMacvlan(sandbox, dir, uplink))) {
    context.skip('this kernel has no macvlan');
    return;
  }
  const [first, second] = [await sandbox.createNetworkNamespace(), await sandbox.createNetworkNamespace()];
  for (const netns of [first, second]) await attach(sandbox, netns, { type: 'macvlan', master: uplink.nic });
  assert.equal((await exchangeTcp(first, second, '10.77.0.3')).answered, 'welcome');
  assert.equal((await exchangeTcp(first, second, 'fd00:77::3')).clientAddress, 'fd00:77::2');
});

test('createSandbox() is enough for real plugins in a user namespace, where the kernel permits one', async (context) => {
  const made = await createSandbox({ userNamespace: true }).catch((error: unknown) => {
    if (error instanceof SandboxError) return undefined;
    throw error;
  });
  if (made === undefined) {
    context.skip('user namespaces are not permitted');
    return;
  }
  await using sandbox = made;
  assert.notEqual(
    (await sandbox.run('cat', ['/proc/self/uid_map'])).stdout,
    readFileSync('/proc/self/uid_map', 'utf8'),
  );
  const [first, second] = [await sandbox.createNetworkNamespace(), await sandbox.createNetworkNamespace()];
  for (const netns of [first, second]) await attach(sandbox, netns, { type: 'bridge', bridge: 'br0' });
  assert.equal((await exchangeTcp(first, second, '10.77.0.3')).clientAddress, '10.77.0.2');
});

test('runCni() returns the plugin’s error object', async () => {
  await using sandbox = await createSandbox();
  const call = { plugin: 'host-local', command: 'ADD', config: {}, cniPath: ['/nonexistent', dir] } as const;
  const answer = await runCni({ ...call, sandbox, containerId: 'c', ifName: 'eth0' });
  assert.equal(answer.exitCode, 1);
  assert.ok(typeof answer.stdout === 'object' && answer.stdout !== null && 'code' in answer.stdout);
  assert.equal(answer.stdout.code, 4);
  await assert.rejects(runCniOrThrow({ ...call, sandbox }), /host-local ADD: \{.*CNI_NETNS/);
});

test('runCni() gives the arguments as a runtime does', async () => {
  const call = { plugin: '/usr/bin/env', command: 'DEL', config: '', cniPath: ['/a', '/b'] } as const;
  const pairs = { K8S_POD_NAME: 'web-0', IgnoreUnknown: '1' };
  await assert.rejects(
    runCni({ ...call, args: pairs, netns: '/run/x', env: { EXTRA: '1' } }),
    (error: Error) => {
      const seen = error.message.split('\n');
      assert.ok(seen.includes('CNI_ARGS=K8S_POD_NAME=web-0;IgnoreUnknown=1'), error.message);
      assert.ok(
        seen.includes('CNI_PATH=/a:/b') && seen.includes('CNI_NETNS=/run/x') && seen.includes('EXTRA=1'),
      );
      assert.ok(!error.message.includes('CNI_IFNAME') && !error.message.includes('HOME='));
      return true;
    },
  );
  await assert.rejects(runCni({ ...call, plugin: 'bridge' }), { code: 'SP_COMMAND_START' });
});

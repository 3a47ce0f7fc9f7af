import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { cniVersions } from '../../src/cni/version.ts';
import { findCniPlugins } from '../support/cni-plugins.ts';
import { exchangeTcp } from '../support/exchange-tcp.ts';
import type { NetworkNamespace } from '../support/network-namespace.ts';
import { readNetworkState } from '../support/network-state.ts';
import { createUplink, kernelHasMacvlan } from '../support/uplink.ts';
import { assertSilentSuccess, type CniResultObject, resultOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { type Call, podArgs, startSandboxNode } from './harness/node.ts';

const pools = [
  poolManifest('dual-v4', {
    subnet: '10.30.0.0/24',
    ips: ['10.30.0.10-10.30.0.99'],
    gateway: '10.30.0.1',
    routes: [{ dst: '172.16.0.0/12', gw: '10.30.0.254' }],
  }),
  poolManifest('dual-v6', {
    subnet: 'fd30::/64',
    ips: ['fd30::10-fd30::99'],
    gateway: 'fd30::1',
    routes: [{ dst: 'fd99::/48', gw: 'fd30::fe' }],
  }),
  poolManifest('no-gateway', { subnet: '10.31.0.0/24', ips: ['10.31.0.10-10.31.0.99'] }),
];
const dualStack = { default_ipv4_ippool: ['dual-v4'], default_ipv6_ippool: ['dual-v6'] };
const poolRoutes = ['172.16.0.0/12 10.30.0.254', 'fd99::/48 fd30::fe'];
const linkRoutes = ['10.30.0.0/24 link', 'fd30::/64 link'];
const defaultRoutes = ['0.0.0.0/0 10.30.0.1', '::/0 fd30::1'];

const { dir: plugins } = await findCniPlugins(['bridge', 'macvlan']);
const node = await startSandboxNode({ pools });
after(() => node[Symbol.asyncDispose]());
const uplink = await createUplink(node.sandbox, plugins);
const hasMacvlan = await kernelHasMacvlan(node.sandbox, plugins, uplink);

/** A pod on the node, and the calls for its only attachment. */
async function createPod(name: string, call: Call) {
  const netns = await node.sandbox.createNetworkNamespace(name);
  const own = { containerId: name, netns: netns.path, args: podArgs(name), ...call };
  return {
    netns,
    run: (command: 'ADD' | 'DEL' | 'CHECK' | 'STATUS', config: object = {}) =>
      node.plugin(command, { ...own, config: { ...own.config, ...config } }, [plugins]),
  };
}

/** Addresses and routes of the only NIC of a namespace as its kernel has them. */
async function seenIn(netns: NetworkNamespace) {
  const { nics, routes } = await readNetworkState(netns);
  assert.deepEqual(
    nics.map(({ name }) => name),
    ['eth0'],
  );
  return {
    addresses: nics[0]?.addresses ?? [],
    routes: routes.map(({ destination, gateway }) => `${destination} ${gateway ?? 'link'}`).sort(),
  };
}

function cidrsOf(result: CniResultObject): readonly string[] {
  return result.ips.map(({ address }) => address);
}

function bare(cidr: string | undefined): string {
  return cidr?.split('/')[0] ?? '';
}

async function recordsOf(sandboxes: readonly string[]): Promise<readonly string[]> {
  const all = await node.allocations();
  return all
    .filter(({ holders }) => sandboxes.includes(holders[0]?.sandbox ?? ''))
    .map(({ address }) => address);
}

/** The whole life of two pods on one network: what the main plugin composes, what is in the namespaces, TCP, CHECK, DEL. */
async function liveTogether(prefix: string, call: Call, cniVersion: string): Promise<void> {
  const names = [`${prefix}-a`, `${prefix}-b`];
  const [a, b] = [await createPod(names[0] ?? '', call), await createPod(names[1] ?? '', call)];
  const first = resultOf(await a.run('ADD'));
  // Before a second port changes the bridge's MAC address, which the bridge plugin compares.
  if (cniVersion >= '0.4.0') assertSilentSuccess(await a.run('CHECK', { prevResult: first }));
  const results = [first, resultOf(await b.run('ADD'))] as const;
  for (const [pod, result] of [
    [a, results[0]],
    [b, results[1]],
  ] as const) {
    assert.equal(result.cniVersion, cniVersion);
    assert.ok(result.interfaces?.some((nic) => nic.name === 'eth0' && nic.sandbox === pod.netns.path));
    const seen = await seenIn(pod.netns);
    assert.deepEqual(seen.addresses, cidrsOf(result));
    assert.deepEqual(seen.routes, [...defaultRoutes, ...linkRoutes, ...poolRoutes].sort());
  }
  const [fromV4, fromV6] = cidrsOf(results[0]);
  const [toV4, toV6] = cidrsOf(results[1]);
  const exchanges = [
    await exchangeTcp(a.netns, b.netns, bare(toV4), { request: 'ping', answer: 'pong' }),
    await exchangeTcp(a.netns, b.netns, bare(toV6), { request: 'ping', answer: 'pong' }),
  ];
  assert.deepEqual(
    exchanges,
    [fromV4, fromV6].map((from) => ({ received: 'ping', answered: 'pong', clientAddress: bare(from) })),
  );
  assert.deepEqual(await recordsOf(names), [bare(fromV4), bare(toV4), bare(fromV6), bare(toV6)]);
  if (cniVersion >= '1.1.0') assertSilentSuccess(await a.run('STATUS'));
  for (const pod of [a, b]) {
    assertSilentSuccess(await pod.run('DEL'));
    assert.deepEqual(await readNetworkState(pod.netns), { nics: [], routes: [] });
    assertSilentSuccess(await pod.run('DEL'));
  }
  assert.deepEqual(await recordsOf(names), []);
}

/** Host device names derive from bridge and sandbox names: short and different for each test. */
function bridgeCall(name: string, cniVersion: string, ipam: object): Call {
  return { cniVersion, ipam: { ...ipam }, config: { type: 'bridge', bridge: name, name } };
}

suite('the real bridge plugin', { concurrency: 2 }, () => {
  for (const [index, cniVersion] of cniVersions.entries()) {
    test(`bridge of ${cniVersion} gives two dual-stack pods addresses, routes and a network`, async () => {
      await liveTogether(`br-${index}`, bridgeCall(`br-${index}`, cniVersion, dualStack), cniVersion);
    });
  }

  test('bridge sets no default route where clean_gateway is set, and keeps the routes of the pool', async () => {
    const pod = await createPod(
      'clean',
      bridgeCall('br-clean', '1.1.0', { ...dualStack, clean_gateway: true }),
    );
    const result = resultOf(await pod.run('ADD'));
    assert.deepEqual((await seenIn(pod.netns)).routes, [...linkRoutes, ...poolRoutes].sort());
    assert.deepEqual(
      result.ips.map(({ gateway }) => gateway),
      ['10.30.0.1', 'fd30::1'],
    );
    assertSilentSuccess(await pod.run('DEL'));
  });

  test('bridge sets no default route where the pool has no gateway', async () => {
    const only = { default_ipv4_ippool: ['no-gateway'] };
    const pod = await createPod('no-gateway', bridgeCall('br-nogw', '1.1.0', only));
    const result = resultOf(await pod.run('ADD'));
    assert.deepEqual(await seenIn(pod.netns), {
      addresses: cidrsOf(result),
      routes: ['10.31.0.0/24 link'],
    });
    assert.equal(result.ips[0]?.gateway, undefined);
    assertSilentSuccess(await pod.run('DEL'));
  });

  test('bridge attaches one pod twice, with an address of the same pool for each NIC', async () => {
    const only = { default_ipv4_ippool: ['no-gateway'] };
    const call = bridgeCall('br-twice', '1.1.0', only);
    const pod = await createPod('twice', call);
    const second = {
      ...call,
      containerId: 'twice',
      netns: pod.netns.path,
      args: podArgs('twice'),
      ifName: 'net1',
    };
    const addresses = [
      ...cidrsOf(resultOf(await pod.run('ADD'))),
      ...cidrsOf(resultOf(await node.plugin('ADD', second, [plugins]))),
    ];
    const { nics } = await readNetworkState(pod.netns);
    assert.deepEqual(
      nics.map(({ name, addresses: [address] }) => [name, address]),
      [
        ['eth0', addresses[0]],
        ['net1', addresses[1]],
      ],
    );
    assert.notEqual(addresses[0], addresses[1]);
    assertSilentSuccess(await pod.run('DEL'));
    assertSilentSuccess(await node.plugin('DEL', second, [plugins]));
    assert.deepEqual(await recordsOf(['twice']), []);
  });

  test('bridge passes the refusal of the IPAM plugin on and leaves no NIC behind', async () => {
    const pod = await createPod(
      'refused',
      bridgeCall('br-no', '1.1.0', { default_ipv4_ippool: ['missing'] }),
    );
    const { exitCode, stdout } = await pod.run('ADD');
    assert.equal(exitCode, 1);
    assert.match(JSON.stringify(stdout), /"code":101,.*pool missing.*does not exist/);
    assert.deepEqual(await readNetworkState(pod.netns), { nics: [], routes: [] });
  });
});

// They mostly wait for the kernel to find the new IPv6 addresses unique.
suite(
  'the real macvlan plugin',
  { concurrency: 5, skip: hasMacvlan ? false : 'this kernel has no macvlan' },
  () => {
    for (const [index, cniVersion] of cniVersions.entries()) {
      test(`macvlan of ${cniVersion} gives two dual-stack pods addresses, routes and a network`, async () => {
        const config = { type: 'macvlan', master: uplink.nic, name: `macvlan-${index}` };
        await liveTogether(`mv-${index}`, { cniVersion, ipam: dualStack, config }, cniVersion);
      });
    }
  },
);

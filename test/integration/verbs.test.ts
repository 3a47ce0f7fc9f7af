import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { cniVersions } from '../../src/cni/version.ts';
import { addressesOf, addressOf, assertRefused, assertSilentSuccess, resultOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode } from './harness/node.ts';

const pools = [
  poolManifest('verbs-v4', { subnet: '10.20.0.0/16', ips: ['10.20.1.0-10.20.2.255'], gateway: '10.20.0.1' }),
  poolManifest('verbs-v6', { subnet: 'fd20::/64', ips: ['fd20::100-fd20::1ff'], gateway: 'fd20::1' }),
];
const ipam = { default_ipv4_ippool: ['verbs-v4'], default_ipv6_ippool: ['verbs-v6'] };
const ipv4Only = { default_ipv4_ippool: ['verbs-v4'] };
const withCheck = cniVersions.filter((version) => version >= '0.4.0');

const node = await startNode({ pools });
after(() => node[Symbol.asyncDispose]());

suite('every version', { concurrency: 2 }, () => {
  for (const cniVersion of cniVersions) {
    test(`ADD and DEL of ${cniVersion} at the plugin give a complete result and free everything`, async () => {
      const call = { containerId: `plain-${cniVersion}`, cniVersion, ipam };
      const result = resultOf(await node.plugin('ADD', call));
      const [v4 = '', v6 = ''] = result.ips.map(({ address }) => address);
      assert.match(v4, /^10\.20\.[12]\.\d+\/16$/);
      assert.match(v6, /^fd20::1..\/64$/);
      const named = cniVersion < '1.0.0';
      assert.deepEqual(result, {
        cniVersion,
        ips: [
          { ...(named && { version: '4' }), address: v4, gateway: '10.20.0.1' },
          { ...(named && { version: '6' }), address: v6, gateway: 'fd20::1' },
        ],
        routes: [
          { dst: '0.0.0.0/0', gw: '10.20.0.1' },
          { dst: '::/0', gw: 'fd20::1' },
        ],
        dns: {},
      });
      assertSilentSuccess(await node.plugin('DEL', call));
      const left = (await node.allocations()).filter(
        ({ holders }) => holders[0]?.sandbox === call.containerId,
      );
      assert.deepEqual(left, []);
      assertSilentSuccess(await node.plugin('DEL', call));
    });

    test(`VERSION of ${cniVersion} names every supported version`, async () => {
      const { exitCode, stdout } = await node.plugin('VERSION', { stdin: JSON.stringify({ cniVersion }) });
      assert.equal(exitCode, 0);
      assert.deepEqual(stdout, { cniVersion: '1.1.0', supportedVersions: cniVersions });
    });
  }

  for (const cniVersion of cniVersions.filter((version) => version < '0.4.0')) {
    test(`CHECK is error 1 in ${cniVersion}, which does not have it`, async () => {
      const answer = await node.plugin('CHECK', { containerId: 'any', cniVersion, ipam });
      assertRefused(answer, 1, /does not allow CHECK.*0\.4\.0/);
    });
  }

  for (const cniVersion of cniVersions.filter((version) => version < '1.1.0')) {
    test(`GC and STATUS are error 1 in ${cniVersion}, which does not have them`, async () => {
      const config = { 'cni.dev/valid-attachments': [] };
      assertRefused(await node.plugin('GC', { cniVersion, ipam, config }), 1, /does not allow GC/);
      assertRefused(await node.plugin('STATUS', { cniVersion, ipam }), 1, /does not allow STATUS/);
    });
  }

  for (const cniVersion of withCheck) {
    test(`CHECK of ${cniVersion} compares the record with prevResult`, async () => {
      const call = { containerId: `check-${cniVersion}`, cniVersion, ipam };
      const prevResult = resultOf(await node.plugin('ADD', call));
      const check = (result: object | undefined) =>
        node.plugin('CHECK', { ...call, config: result === undefined ? {} : { prevResult: result } });
      assertSilentSuccess(await check(prevResult));
      assertRefused(await check(undefined), 7, /prevResult/);
      const [first] = prevResult.ips;
      assertRefused(await check({ ...prevResult, ips: [first] }), 106, /fd20::1.. is recorded/);
      const foreign = { ...prevResult, ips: [...prevResult.ips, { address: '10.20.9.9/16' }] };
      assertRefused(await check(foreign), 106, /10\.20\.9\.9.* not recorded/);
      assertSilentSuccess(await node.plugin('DEL', call));
      assertRefused(await check(prevResult), 106, /no address is recorded/);
    });
  }
});

suite('identity', { concurrency: 2 }, () => {
  test('ADD asked again gives the same addresses and takes no second ones', async () => {
    const call = { containerId: 'again', ipam };
    const first = addressesOf(await node.plugin('ADD', call));
    assert.deepEqual(addressesOf(await node.plugin('ADD', call)), first);
    const own = (await node.allocations()).filter(({ holders }) => holders[0]?.sandbox === 'again');
    assert.equal(own.length, 2);
  });

  test('ADD for two NICs of one container gives two addresses of one pool', async () => {
    const call = { containerId: 'two-nics', ipam: ipv4Only, args: podArgs('two-nics') };
    const eth0 = addressOf(await node.plugin('ADD', { ...call, ifName: 'eth0' }));
    const net1 = addressOf(await node.plugin('ADD', { ...call, ifName: 'net1' }));
    assert.notEqual(eth0, net1);
    assertSilentSuccess(await node.plugin('DEL', { ...call, ifName: 'eth0' }));
    const left = (await node.allocations()).filter(({ holders }) => holders[0]?.sandbox === 'two-nics');
    assert.deepEqual(
      left.map(({ nic, address }) => [nic, address]),
      [['net1', net1]],
    );
  });

  test('ADD of a new sandbox of the same pod keeps the address, and the late DEL of the former one changes nothing', async () => {
    const former = { containerId: 'sandbox-1', ipam: ipv4Only, args: podArgs('restarted') };
    const present = { ...former, containerId: 'sandbox-2' };
    const address = addressOf(await node.plugin('ADD', former));
    assert.equal(addressOf(await node.plugin('ADD', present)), address);
    assertSilentSuccess(await node.plugin('DEL', former));
    const record = (await node.allocations()).find((one) => one.address === address);
    assert.deepEqual(
      record?.holders.map(({ uid, sandbox, pod }) => ({ uid, sandbox, pod })),
      [{ uid: 'restarted-uid', sandbox: 'sandbox-2', pod: 'default/restarted' }],
    );
    assertSilentSuccess(await node.plugin('DEL', present));
    assert.equal(
      (await node.allocations()).some((one) => one.address === address),
      false,
    );
  });

  test('ADD of a new pod of the same name gets another address while the former pod is not deleted', async () => {
    const former = { containerId: 'same-1', ipam: ipv4Only, args: podArgs('same-name', 'uid-1') };
    const present = { containerId: 'same-2', ipam: ipv4Only, args: podArgs('same-name', 'uid-2') };
    const first = addressOf(await node.plugin('ADD', former));
    const second = addressOf(await node.plugin('ADD', present));
    assert.notEqual(first, second);
    assertSilentSuccess(await node.plugin('DEL', former));
    const left = (await node.allocations()).filter(({ holders }) => holders[0]?.pod === 'default/same-name');
    assert.deepEqual(
      left.map(({ address }) => address),
      [second],
    );
  });

  test('DEL with another pod’s uid, or of a container nobody knows, succeeds and frees nothing', async () => {
    const call = { containerId: 'kept', ipam: ipv4Only, args: podArgs('kept') };
    const address = addressOf(await node.plugin('ADD', call));
    assertSilentSuccess(await node.plugin('DEL', { ...call, args: podArgs('kept', 'other-uid') }));
    assertSilentSuccess(await node.plugin('DEL', { ...call, ifName: 'net9' }));
    assertSilentSuccess(await node.plugin('DEL', { containerId: 'unheard-of', ipam: ipv4Only }));
    assert.ok((await node.allocations()).some((one) => one.address === address));
    assertSilentSuccess(await node.plugin('DEL', { containerId: 'kept', ipam: ipv4Only }));
    assert.ok(!(await node.allocations()).some((one) => one.address === address));
  });
});

suite('GC and STATUS at the plugin', () => {
  const gc = (name: string, valid: unknown) =>
    node.plugin('GC', { ipam, config: { name, 'cni.dev/valid-attachments': valid } });

  test('GC frees what is not valid any more, and of its own network only', async () => {
    const attachments = [
      { containerId: 'gc-valid', ifName: 'eth0', config: { name: 'gc-net' } },
      { containerId: 'gc-valid', ifName: 'net1', config: { name: 'gc-net' } },
      { containerId: 'gc-stale', ifName: 'eth0', config: { name: 'gc-net' } },
      { containerId: 'gc-other', ifName: 'eth0', config: { name: 'gc-other' } },
    ];
    for (const attachment of attachments)
      resultOf(await node.plugin('ADD', { ...attachment, ipam: ipv4Only }));
    const listed = async () =>
      (await node.allocations())
        .filter(({ network }) => network.startsWith('gc-'))
        .map(({ holders, nic }) => `${holders[0]?.sandbox} ${nic}`)
        .sort();
    assertSilentSuccess(await gc('gc-net', [{ containerID: 'gc-valid', ifname: 'eth0' }]));
    assert.deepEqual(await listed(), ['gc-other eth0', 'gc-valid eth0']);
    assertSilentSuccess(await gc('gc-net', [{ containerID: 'gc-valid', ifname: 'eth0' }]));
    assert.deepEqual(await listed(), ['gc-other eth0', 'gc-valid eth0']);
    assertSilentSuccess(await gc('gc-net', []));
    assert.deepEqual(await listed(), ['gc-other eth0']);
  });

  test('GC without or with a malformed list of valid attachments frees nothing', async () => {
    resultOf(
      await node.plugin('ADD', { containerId: 'gc-kept', ipam: ipv4Only, config: { name: 'gc-list' } }),
    );
    for (const valid of [undefined, null, {}, 'all', [1], [{}], [{ containerID: 'a' }]]) {
      assertRefused(await gc('gc-list', valid), 7, /valid-attachments/);
    }
    assert.ok((await node.allocations()).some(({ network }) => network === 'gc-list'));
  });

  test('STATUS succeeds while the records are loaded, whatever the pools look like', async () => {
    assertSilentSuccess(await node.plugin('STATUS', { ipam }));
    assertSilentSuccess(await node.plugin('STATUS', { ipam: { default_ipv4_ippool: ['unknown'] } }));
  });
});

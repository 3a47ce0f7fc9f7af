import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../integration/harness/until.ts';
import { assertRecorded } from './harness/addresses.ts';
import { lan } from './harness/lan.ts';
import { untilReady } from './harness/pods.ts';
import type { Values } from './harness/product.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { pool } from './harness/workloads.ts';

const example = fileURLToPath(new URL('../../docs/examples/cluster/first-pod.yaml', import.meta.url));

/** What somebody sets who has one network for pods, that of the nodes. */
export const values: Values = {
  'cni.install': 'true',
  'cni.type': 'macvlan',
  'cni.master': 'eth0',
  'clusterDefaultPool.installIPv4IPPool': 'true',
  'clusterDefaultPool.ipv4Subnet': lan.subnet,
  'clusterDefaultPool.ipv4IPRanges[0]': '10.20.100.1-10.20.100.250',
  'clusterDefaultPool.ipv4Gateway': lan.gateway,
  'clusterDefaultPool.installIPv6IPPool': 'true',
  'clusterDefaultPool.ipv6Subnet': lan.subnetV6,
  'clusterDefaultPool.ipv6IPRanges[0]': 'fd00:20::1000-fd00:20::1fff',
  'clusterDefaultPool.ipv6Gateway': lan.gatewayV6,
};

/** From an empty cluster to pods with addresses. */
export function testInstallation(running: () => TestCluster): void {
  test('helm install and kubectl apply of one example give pods addresses of both families', async () => {
    const { plane, product, shell } = running();
    await product.install(values);
    await plane.kubectl(['apply', '-f', example]);
    const pods = await untilReady(plane, 'default', 2);
    assert.deepEqual([...new Set(pods.map(({ node }) => node))].sort(), ['node-1', 'node-2']);
    await assertRecorded(plane, pods);
    for (const { addresses } of pods) {
      assert.match(addresses.join(' '), /^10\.20\.100\.\d+ fd00:20::1[0-9a-f]{3}$/);
    }
    const [one, other] = pods;
    assert.ok(one && other);
    for (const address of other.addresses) await shell.untilPings(one, address);
    await shell.untilPings(one, lan.gateway);
    assert.match(
      await shell.run(one, 'wget', '-q', '-O', '-', '--no-check-certificate', 'https://10.96.0.1/version'),
      /"gitVersion"/,
    );
  });

  test('the nodes become Ready by the network list that the agents install', async () => {
    const { plane, nodes } = running();
    for (const node of nodes) {
      await until(`${node.name} is Ready`, async () => {
        const { stdout } = await plane.kubectl(['get', 'node', node.name, '--no-headers']);
        return / Ready /.test(stdout);
      });
      assert.match(await node.runOrThrow('ls', ['/etc/cni/net.d']), /^10-spiderpool\.conflist$/m);
    }
  });

  test('the webhooks answer through the service: a wrong pool is refused', async () => {
    const { plane } = running();
    const wrong = pool('wrong', ['10.99.0.1']);
    await assert.rejects(
      plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(wrong) }),
      /SpiderIPPool "wrong" is invalid: spec\.ips\[0\]: "10\.99\.0\.1" is outside of the subnet/,
    );
  });

  test('agents and controllers stay up: no container was started twice', async () => {
    const { plane } = running();
    const pods = (await untilReady(plane, 'spiderpool', 4)).map(
      ({ name, restarts }) => `${name}: ${restarts}`,
    );
    assert.deepEqual(
      pods.filter((line) => !line.endsWith(': 0')),
      [],
    );
  });
}

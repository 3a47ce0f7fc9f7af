// Runs in an own machine: `node pods-worker.ts OUTPUT ROUNDS` starts pods on a real cluster, with spiderpool and with host-local in turn.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { ClusterNode } from '../../test/e2e/harness/cluster-node.ts';
import { lan } from '../../test/e2e/harness/lan.ts';
import { deleteNamespace } from '../../test/e2e/harness/namespaces.ts';
import { untilReady } from '../../test/e2e/harness/pods.ts';
import { startTestCluster, type TestCluster } from '../../test/e2e/harness/test-cluster.ts';
import { apply, pod, workload } from '../../test/e2e/harness/workloads.ts';
import { until } from '../../test/integration/harness/until.ts';
import { addsBetween, type CniAdds, parseCniAdds } from './cni-metric.ts';
import type { PodsBurst, PodsRound } from './pods-section.ts';

type Ipam = 'spiderpool' | 'hostLocal';

/** Comes before the product's list by its name: while it is there, it is the cluster's network. */
const hostLocalList = '05-host-local.conflist';
/** Third byte of the addresses that each of the two gives. */
const spiderpoolRange = /^10\.20\.(100|101)\./;
const hostLocalRange = /^10\.20\.2\d\d\./;
const bursts = [
  { pods: 30, nodes: 1 },
  { pods: 60, nodes: 2 },
] as const;

async function install({ product }: TestCluster): Promise<void> {
  await product.install({
    'cni.install': 'true',
    'cni.master': 'eth0',
    'ipam.enableIPv6': 'false',
    'clusterDefaultPool.installIPv4IPPool': 'true',
    'clusterDefaultPool.ipv4Subnet': lan.subnet,
    'clusterDefaultPool.ipv4IPRanges[0]': '10.20.100.1-10.20.101.200',
    'clusterDefaultPool.ipv4Gateway': lan.gateway,
  });
}

/** Gives pods their addresses by the other one from now on, and waits until every node's runtime has taken notice. */
async function use(cluster: TestCluster, ipam: Ipam): Promise<void> {
  for (const [index, node] of cluster.nodes.entries()) {
    if (ipam === 'spiderpool') await node.runOrThrow('rm', ['-f', `/etc/cni/net.d/${hostLocalList}`]);
    else await node.writeNetwork(hostLocalList, hostLocalNetwork(index));
  }
  const range = ipam === 'spiderpool' ? spiderpoolRange : hostLocalRange;
  await until(
    `nodes use ${ipam}`,
    async () => {
      await apply(cluster.plane, 'probe', ...cluster.nodes.map(({ name }) => pod(name, { node: name })));
      const probes = await untilReady(cluster.plane, 'probe', cluster.nodes.length);
      await deleteNamespace(cluster.plane, 'probe');
      return probes.every(({ addresses }) => range.test(addresses[0] ?? ''));
    },
    300_000,
  );
}

/** As the product's list, but for the IPAM plugin. */
function hostLocalNetwork(index: number): object {
  const start = `10.20.${200 + index}.1`;
  const range = {
    subnet: lan.subnet,
    rangeStart: start,
    rangeEnd: `10.20.${200 + index}.250`,
    gateway: lan.gateway,
  };
  const ipam = { type: 'host-local', ranges: [[range]], routes: [{ dst: '0.0.0.0/0' }] };
  return { cniVersion: '1.0.0', name: 'host-local', plugins: [{ type: 'macvlan', master: 'eth0', ipam }] };
}

async function runRound(
  cluster: TestCluster,
  burst: (typeof bursts)[number],
  ipam: Ipam,
): Promise<PodsRound> {
  const { plane, nodes } = cluster;
  await use(cluster, ipam);
  const before = await readAdds(nodes);
  const startMs = performance.now();
  const used = nodes.slice(0, burst.nodes);
  const each = burst.pods / used.length;
  await apply(plane, 'burst', ...used.map(({ name }) => workload('Deployment', name, each, { node: name })));
  const pods = await untilReady(plane, 'burst', burst.pods);
  const readyMs = performance.now() - startMs;
  const adds = addsBetween(before, await readAdds(nodes));
  const range = ipam === 'spiderpool' ? spiderpoolRange : hostLocalRange;
  assert.ok(pods.every(({ addresses }) => range.test(addresses[0] ?? '')));
  assert.ok(adds.count >= burst.pods, `containerd has measured ${adds.count} ADDs of ${burst.pods}`);
  await deleteNamespace(plane, 'burst');
  return { addMs: (adds.seconds / adds.count) * 1000, failures: adds.failures, readyMs };
}

/** Of all nodes together. */
async function readAdds(nodes: readonly ClusterNode[]): Promise<CniAdds> {
  const all = await Promise.all(nodes.map(async (node) => parseCniAdds(await node.containerdMetrics())));
  return all.reduce((sum, one) => ({
    count: sum.count + one.count,
    seconds: sum.seconds + one.seconds,
    failures: sum.failures + one.failures,
  }));
}

const [output = '', rounds = ''] = process.argv.slice(2);
await using cluster = await startTestCluster();
await install(cluster);
const results: PodsBurst[] = [];
for (const burst of bursts) {
  const spiderpool: PodsRound[] = [];
  const hostLocal: PodsRound[] = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    const [first, second] = [
      await runRound(cluster, burst, 'spiderpool'),
      await runRound(cluster, burst, 'hostLocal'),
    ];
    console.error(
      `› ${burst.pods} pods, ADD: spiderpool ${first.addMs.toFixed(0)} ms, host-local ${second.addMs.toFixed(0)} ms`,
    );
    spiderpool.push(first);
    hostLocal.push(second);
  }
  results.push({ ...burst, spiderpool, hostLocal });
}
await writeFile(output, JSON.stringify({ bursts: results }));

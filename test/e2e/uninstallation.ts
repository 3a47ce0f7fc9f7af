import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../integration/harness/until.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { assertRecorded } from './harness/addresses.ts';
import { listPods, untilNoPods, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, workload } from './harness/workloads.ts';
import { values } from './installation.ts';

const kinds = 'spiderippools,spidersubnets,spiderreservedips,spiderendpoints,spideripblocks';

/** Pods of the example run all the time. */
export function testUninstallation(running: () => TestCluster): void {
  test('helm uninstall leaves no object of the program behind, and all pools and records', async () => {
    const { plane, product } = running();
    const before = await dataOf(plane);
    assert.ok(before.length > 3, before.join());
    await product.uninstall();
    assert.deepEqual(await dataOf(plane), before);
    assert.deepEqual(await objectsOfProgram(plane), []);
  });

  test('a pool that is deleted afterwards goes at once: nothing holds it', async () => {
    const { plane } = running();
    await plane.kubectl(['delete', 'spiderippool', 'default-v6-ippool', '--timeout=20s']);
  });

  test('helm install finds what was kept: pods keep their addresses, and new ones get others', async () => {
    const { plane, product } = running();
    const before = await untilReady(plane, 'default', 2);
    await product.install(values);
    assert.deepEqual(await untilReady(plane, 'default', 2), before);
    await assertRecorded(plane, before);
    await apply(plane, 'again', workload('Deployment', 'web', 3));
    const pods = await untilReady(plane, 'again', 3);
    await assertRecorded(plane, pods);
    await plane.kubectl(['delete', 'namespace', 'again']);
  });

  test('helm uninstall with cleanup.enable removes the data and the CRDs too', async () => {
    const { plane, product } = running();
    await plane.kubectl(['delete', 'deployment', '--all', '--namespace=default']);
    await untilNoPods(plane, 'default');
    await product.upgrade({ 'spiderpoolController.cleanup.enable': 'true' });
    await product.uninstall();
    assert.deepEqual(await objectsOfProgram(plane), []);
    await until('the CRDs are gone', async () => {
      const { stdout } = await plane.kubectl(['get', 'crds', '--output=name']);
      return !stdout.includes('spidernet.io');
    });
  });
}

/** Names of all our objects, each with its being deleted. */
async function dataOf(plane: ControlPlane): Promise<readonly string[]> {
  const columns = 'custom-columns=KIND:.kind,NAME:.metadata.name,DELETED:.metadata.deletionTimestamp';
  const { stdout } = await plane.kubectl([
    'get',
    kinds,
    '--all-namespaces',
    '--no-headers',
    `--output=${columns}`,
  ]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/\s+/g, ' '));
}

/** What runs of the program or makes it run, in the whole cluster. */
async function objectsOfProgram(plane: ControlPlane): Promise<readonly string[]> {
  const inCluster =
    'clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,' +
    'validatingadmissionpolicies,validatingadmissionpolicybindings,flowschemas,prioritylevelconfigurations';
  const inNamespace =
    'pods,daemonsets,deployments,jobs,services,configmaps,secrets,serviceaccounts,roles,rolebindings,leases,poddisruptionbudgets';
  const lists = await Promise.all([
    plane.kubectl(['get', inCluster, '--output=name']),
    plane.kubectl(['get', inNamespace, '--namespace=spiderpool', '--output=name', '--ignore-not-found']),
  ]);
  const left = lists
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((name) => name.includes('spiderpool'));
  const pods = (await listPods(plane, 'spiderpool')).map(({ name }) => `pod/${name}`);
  return [...new Set([...left, ...pods])];
}

import { after, before, describe } from 'node:test';
import { testDisruptions } from './disruptions.ts';
import { startTestCluster, type TestCluster } from './harness/test-cluster.ts';
import { testInstallation } from './installation.ts';
import { testLostNodes } from './lost-nodes.ts';
import { testNetwork } from './networks.ts';
import { testUninstallation } from './uninstallation.ts';
import { testUpgrade } from './upgrade.ts';
import { testWorkloads } from './workloads.ts';

/** It is up in 15 s; a loaded machine gets its time. */
const startTimeoutMs = 600_000;

/** One cluster for all: each part goes on where the one before it has ended. */
describe('a cluster', () => {
  let cluster: TestCluster | undefined;
  const running = (): TestCluster => {
    if (cluster === undefined) throw new Error('the cluster did not start');
    return cluster;
  };
  before(
    async () => {
      cluster = await startTestCluster();
    },
    { timeout: startTimeoutMs },
  );
  after(async () => cluster?.[Symbol.asyncDispose]());

  testInstallation(running);
  testNetwork(running, 'macvlan');
  testWorkloads(running);
  testDisruptions(running);
  testUpgrade(running);
  testNetwork(running, 'bridge');
  testLostNodes(running);
  testUninstallation(running);
});

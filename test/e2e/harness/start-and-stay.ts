// Starts a cluster of one node with one pod in an own machine, tells its name, and stays until it is ended: `interruption.ts` does that.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createOwnMachine, ownMachine } from './own-machine.ts';
import { untilReady } from './pods.ts';
import { startRealCluster } from './real-cluster.ts';
import { apply, pod } from './workloads.ts';

const isInside = process.argv[2] === 'inside';

async function startInside(): Promise<void> {
  const { plane, nodes } = await startRealCluster({ nodes: 1 });
  await nodes[0]?.writeNetwork('10-loopback.conflist', {
    cniVersion: '1.0.0',
    name: 'nodes',
    plugins: [{ type: 'macvlan', master: 'eth0', ipam: { type: 'host-local', subnet: '10.20.5.0/24' } }],
  });
  await apply(plane, 'default', pod('stays'));
  await untilReady(plane, 'default', 1);
  console.log(`running in ${ownMachine().cgroup}`);
}

if (isInside) {
  await startInside();
  // Nothing else keeps it alive.
  setInterval(() => undefined, 60_000);
} else {
  await using machine = await createOwnMachine();
  const child = machine.spawn(process.execPath, [fileURLToPath(import.meta.url), 'inside']);
  await once(child, 'exit');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { finishPod } from '../../test/support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { ClusterAgents, clusterConfig } from './cluster-agents.ts';
import { createBenchPool, createPods, inParallel } from './cluster-pods.ts';
import type { NodeData, NodeSamples } from './node-section.ts';
import { runWorker } from './run-worker.ts';

const ownPods = 100;
const manyPods = 10_000;
/** So that no node is unlike a real one. */
const foreignPodsPerNode = 100;
/** "At rest" in the project's terms. */
const restMs = 10_000;
const node = 'node-own';

/** Measures the start and the memory of one agent in a cluster that fills up. */
export async function benchNode(quick: boolean): Promise<NodeData> {
  const many = quick ? manyPods / 10 : manyPods;
  const starts = quick ? 1 : 3;
  await using plane = await startControlPlane();
  await createBenchPool(plane, '10.6.0.1-10.6.255.254');
  await fillNode(plane);
  const rows: NodeSamples[] = [];
  const observe = async (foreignPods: number, deadPods: number): Promise<void> => {
    rows.push({ foreignPods, ownPods, deadPods, ...(await startOften(plane, starts)) });
  };
  await observe(0, 0);
  for (let made = 0; made < many; made += foreignPodsPerNode) {
    await createPods(plane, `node-${made}`, foreignPodsPerNode);
  }
  await observe(many, 0);
  const dead = await createPods(plane, node, many, 'dead');
  await inParallel(dead, async (pod) => finishPod(plane, pod));
  await observe(many, many);
  return { rows };
}

/** Gives the agent's own pods their addresses. */
async function fillNode(plane: ControlPlane): Promise<void> {
  const pods = await createPods(plane, node, ownPods);
  await using agents = await ClusterAgents.start(plane, [node]);
  const nodes = agents.agents.map(({ socketPath }) => ({ socketPath, pods }));
  await runWorker('burst-generator.ts', {
    path: '/v1/cni/add',
    nodes,
    inFlight: 20,
    config: clusterConfig,
    netns: '/proc/self/ns/net',
  });
}

async function startOften(
  plane: ControlPlane,
  starts: number,
): Promise<Pick<NodeSamples, 'readyMs' | 'rssMiB' | 'anonMiB'>> {
  const readyMs: number[] = [];
  const rssMiB: number[] = [];
  const anonMiB: number[] = [];
  // The first start reads its executable from the disk; it is not counted.
  for (let start = -1; start < starts; start++) {
    await using agents = await ClusterAgents.start(plane, [node]);
    if (start < 0) continue;
    await sleep(restMs);
    const memory = agents.memory();
    readyMs.push(agents.agents[0]?.readyMs ?? Number.NaN);
    rssMiB.push(memory.rssMiB);
    anonMiB.push(memory.anonMiB);
  }
  return { readyMs, rssMiB, anonMiB };
}

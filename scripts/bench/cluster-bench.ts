import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deletePod } from '../../test/support/cluster-objects.ts';
import { readRecords } from '../../test/support/cluster-records.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type ApiCalls, callsBetween, countApiCalls } from './api-calls.ts';
import { ClusterAgents, clusterConfig } from './cluster-agents.ts';
import { createBenchPool, createPods, inParallel } from './cluster-pods.ts';
import type { BurstFigures, BurstSamples, BurstShape, ClusterData } from './cluster-section.ts';
import { fillBlocks } from './fill-blocks.ts';
import { runWorker } from './run-worker.ts';
import { quantile } from './statistics.ts';
import type { BurstInput, BurstNode, BurstOutput } from './worker-contracts.ts';

const inFlight = 20;
/** What an ADD may ask the API server on its way, and what is written for people afterwards. */
const pathResources = ['spideripblocks', 'pods', 'namespaces', 'statefulsets', 'spiderippools'];
const viewResources = ['spiderendpoints', 'events'];
const exact = 'exactly as many addresses';
const nearlyFull = '65,534 addresses, all but these taken';
const shapes: readonly BurstShape[] = [
  { nodes: 10, podsPerNode: 100, pool: exact },
  { nodes: 50, podsPerNode: 20, pool: exact },
  { nodes: 10, podsPerNode: 6, pool: nearlyFull },
  { nodes: 50, podsPerNode: 1, pool: nearlyFull },
];
const singleAdds = 200;
const leakedPods = 10;
const leakGiveUpMs = 180_000;
/** The views are written when an agent has nothing better to do. */
const viewsSettleMs = 15_000;

/** Measures bursts of pods on many nodes, and the small things on one. */
export async function benchCluster(quick: boolean): Promise<ClusterData> {
  const bursts: BurstSamples[] = [];
  for (const shape of shapes) {
    const rounds: BurstFigures[] = [];
    for (let round = 0; round < (quick || shape.pool === nearlyFull ? 1 : 3); round++) {
      console.error(`  ${shape.nodes} × ${shape.podsPerNode}, ${shape.pool}`);
      rounds.push(await runBurst(shape));
    }
    bursts.push({ shape, rounds });
  }
  return { bursts, ...(await measureOneNode(quick)) };
}

async function runBurst(shape: BurstShape): Promise<BurstFigures> {
  await using plane = await startControlPlane();
  await preparePool(plane, shape);
  const names = Array.from({ length: shape.nodes }, (_, number) => `node-${number}`);
  const pods = new Map<string, BurstNode['pods']>();
  for (const name of names) pods.set(name, await createPods(plane, name, shape.podsPerNode));
  await using agents = await ClusterAgents.start(plane, names);
  const nodes = agents.agents.map(({ node, socketPath }) => ({ socketPath, pods: pods.get(node) ?? [] }));
  const addresses = shape.nodes * shape.podsPerNode;

  const before = await readCalls(plane);
  const add = await burst('/v1/cni/add', nodes);
  const afterAdd = await readCalls(plane);
  const memory = agents.memory();
  await sleep(viewsSettleMs);
  const settled = await readCalls(plane);
  await inParallel([...pods.values()].flat(), async (pod) => deletePod(plane, pod, { force: true }));
  const del = await burst('/v1/cni/del', nodes);
  const path = callsBetween(before.path, afterAdd.path);
  return {
    failures: add.failures + del.failures,
    distinctAddresses: add.distinctAddresses,
    wallMs: add.durationMs,
    p50Ms: quantile(add.latenciesMs, 0.5),
    p99Ms: quantile(add.latenciesMs, 0.99),
    readsPerAddress: path.reads / addresses,
    writesPerAddress: path.writes / addresses,
    viewWritesPerAddress: callsBetween(before.views, settled.views).writes / addresses,
    megabytes: path.bytes / 1e6,
    ...memory,
    releaseMs: del.durationMs + (await untilFreed(plane, 'bench/pod-')),
  };
}

async function preparePool(plane: ControlPlane, { nodes, podsPerNode, pool }: BurstShape): Promise<void> {
  if (pool === exact) return createBenchPool(plane, '10.6.0.1-10.6.3.232');
  await createBenchPool(plane, '10.6.0.1-10.6.255.254');
  await fillBlocks(plane, nodes * podsPerNode);
}

async function burst(path: BurstInput['path'], nodes: readonly BurstNode[]): Promise<BurstOutput> {
  // Seen by every agent as its own.
  const input: BurstInput = { path, nodes, inFlight, config: clusterConfig, netns: '/proc/self/ns/net' };
  const output = await runWorker('burst-generator.ts', input);
  for (const message of output.messages) console.error(`  refused: ${message.slice(0, 500)}`);
  return output;
}

/** Zero when every answer to a DEL has kept its word: no pod of the benchmark holds an address. */
async function untilFreed(plane: ControlPlane, prefix: string): Promise<number> {
  const startedMs = performance.now();
  let reads = 0;
  for (;;) {
    const { uses } = await readRecords(plane);
    if (uses.every(({ pod }) => !pod.startsWith(prefix))) break;
    reads += 1;
    if (performance.now() - startedMs > leakGiveUpMs) throw new Error(`addresses of ${prefix} are not freed`);
    await sleep(250);
  }
  return reads === 0 ? 0 : performance.now() - startedMs;
}

interface Calls {
  readonly path: ApiCalls;
  readonly views: ApiCalls;
}

async function readCalls(plane: ControlPlane): Promise<Calls> {
  const metrics = (await plane.adminRequest('GET', '/metrics')).text;
  return { path: countApiCalls(metrics, pathResources), views: countApiCalls(metrics, viewResources) };
}

async function measureOneNode(quick: boolean): Promise<Omit<ClusterData, 'bursts'>> {
  await using plane = await startControlPlane();
  await createBenchPool(plane, '10.6.0.1-10.6.255.254');
  const pods = await createPods(plane, 'node-0', quick ? 50 : singleAdds);
  await using agents = await ClusterAgents.start(plane, ['node-0']);
  const socketPath = agents.agents[0]?.socketPath ?? '';
  const input = { path: '/v1/cni/add', inFlight: 1, config: clusterConfig } as const;
  const netns = '/proc/self/ns/net';
  const single = await runWorker('burst-generator.ts', { ...input, netns, nodes: [{ socketPath, pods }] });
  const singleAddMs = { p50: quantile(single.latenciesMs, 0.5), p99: quantile(single.latenciesMs, 0.99) };
  return { singleAddMs, leakSeconds: await measureLeak(plane, socketPath) };
}

/** Pods whose sandboxes vanish without a DEL, as after a crash of the runtime. */
async function measureLeak(plane: ControlPlane, socketPath: string): Promise<number> {
  await using folder = await temporaryFolder();
  const netns = join(folder.path, 'netns');
  await writeFile(netns, '');
  const pods = await createPods(plane, 'node-0', leakedPods, 'leak');
  const nodes = [{ socketPath, pods }];
  await runWorker('burst-generator.ts', {
    path: '/v1/cni/add',
    inFlight: 1,
    config: clusterConfig,
    netns,
    nodes,
  });
  await rm(netns);
  await inParallel(pods, async (pod) => deletePod(plane, pod, { force: true }));
  return (await untilFreed(plane, 'bench/leak-')) / 1000;
}

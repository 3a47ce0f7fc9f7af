import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  collectionReportAnnotation,
  collectionRequestAnnotation,
  controllerLease,
} from '../../src/api/names.ts';
import { parseCidr } from '../../src/ip/cidr.ts';
import { kubeResources, resourcePath } from '../../src/kube/resource-path.ts';
import { type CollectionReport, collectionReportSchema } from '../../src/wire/collection-report.ts';
import { createNamespace, createObject, deletePod } from '../../test/support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import type { RunningController } from '../../test/support/controller.ts';
import { createPods, inParallel } from './cluster-pods.ts';
import {
  BenchControllers,
  createNodes,
  createSmallPools,
  measureUntil,
  untilNoRecord,
} from './controller-cluster.ts';
import type { ControllerData } from './controller-section.ts';
import { measureStatusDelays } from './controller-status.ts';
import { filledBlock } from './filled-block.ts';
import { readMemory } from './process-memory.ts';
import type { BurstPod } from './worker-contracts.ts';

const poolCount = 200;
const podsPerPool = 50;
const nodeCount = 100;
/** "At rest" in the project's terms. */
const restMs = 10_000;
const webhookPools = 1_000;
const leakedPods = 10;
const lease = resourcePath(kubeResources.leases, { namespace: 'spiderpool', name: controllerLease });
const blocks = resourcePath(kubeResources.blocks);

/** Measures the controller: what it needs, and how long everything takes. */
export async function benchController(quick: boolean): Promise<ControllerData> {
  const rounds = quick ? 1 : 3;
  console.error('  scale');
  const scale = await measureScale(quick);
  console.error('  status');
  const status = await measureStatusDelays(quick ? 5 : 20);
  console.error('  webhook');
  const webhook = await measureWebhook(rounds, quick ? 100 : 1_000);
  console.error('  leaks and fail-over');
  return { scale, status, webhook, ...(await measureFaults(rounds)) };
}

async function measureScale(quick: boolean): Promise<ControllerData['scale']> {
  await using plane = await startControlPlane();
  const pools = quick ? poolCount / 10 : poolCount;
  const nodes = Array.from({ length: nodeCount }, (_, number) => `node-${number}`);
  await createNodes(plane, nodes, true);
  await createNamespace(plane, 'bench');
  const numbers = Array.from({ length: pools }, (_, number) => number);
  await createSmallPools(plane, numbers);
  const pods: BurstPod[] = [];
  for (const number of numbers)
    pods.push(...(await fillPool(plane, number, nodes[number % nodeCount] ?? '')));
  await using controllers = await BenchControllers.create(plane);
  const startedMs = performance.now();
  const controller = await controllers.start('bench-a');
  await controllers.untilReady(controller);
  const readyMs = performance.now() - startedMs;
  await sleep(restMs);
  const memory = readMemory(controller.pid);
  const passMs = await measurePass(plane);
  await inParallel(pods, async (pod) => deletePod(plane, pod, { force: true }));
  const cleanedMs = await untilNoRecord(plane, 'bench/');
  const counts = { pools, records: pods.length, pods: pods.length, nodes: nodeCount };
  return { ...counts, readyMs, ...memory, passMs, cleanedMs };
}

/** Pods of a node with the first addresses of a pool. */
async function fillPool(plane: ControlPlane, number: number, node: string): Promise<readonly BurstPod[]> {
  const net = `10.${20 + (number >> 8)}.${number & 255}`;
  const subnet = parseCidr(`${net}.0/24`);
  if (subnet === undefined || typeof subnet.network !== 'number') throw new Error(`${net} is no subnet`);
  const base = subnet.network;
  const pods = await createPods(plane, node, podsPerPool, `pool-${number}`);
  await createObject(
    plane,
    blocks,
    filledBlock({
      base,
      pool: `small-${number}`,
      subnet,
      holderOf: (address) => {
        const pod = pods[address - base - 1];
        return pod && { uid: pod.uid, sandbox: pod.sandbox, node, pod };
      },
    }),
  );
  return pods;
}

/** Asks for a collection as spiderpoolctl does. @returns milliseconds until its report */
async function measurePass(plane: ControlPlane): Promise<number> {
  const asked = randomUUID();
  await plane.adminRequest('PATCH', lease, {
    metadata: { annotations: { [collectionRequestAnnotation]: asked } },
  });
  let report: CollectionReport | undefined;
  const passMs = await measureUntil('the report of the collection', async () => {
    const { body } = await plane.adminRequest('GET', lease);
    const { metadata } = body as { metadata: { annotations?: Record<string, string> } };
    const text = metadata.annotations?.[collectionReportAnnotation];
    report = text === undefined ? undefined : collectionReportSchema.parse(JSON.parse(text));
    return report?.request === asked;
  });
  if (report?.error !== undefined || report?.freedCount !== 0) {
    throw new Error(`the pass was to free nothing: ${JSON.stringify(report)}`);
  }
  return passMs;
}

async function measureWebhook(rounds: number, reviews: number): Promise<ControllerData['webhook']> {
  await using plane = await startControlPlane();
  const numbers = Array.from({ length: webhookPools }, (_, number) => number);
  await createSmallPools(plane, numbers);
  await using controllers = await BenchControllers.create(plane);
  const controller = await controllers.start('bench-a');
  await controllers.untilReady(controller);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  try {
    const reviewsMs: number[][] = [];
    const healthMs: number[][] = [];
    for (let round = -1; round < rounds; round++) {
      const [asked, healthy]: [number[], number[]] = [[], []];
      for (let number = 0; number < reviews; number++) {
        asked.push(await timedReview(controller, agent, number % webhookPools));
        healthy.push(await timed(controller, agent, '/webhook-health-check'));
      }
      // The first round warms up.
      if (round >= 0) {
        reviewsMs.push(asked);
        healthMs.push(healthy);
      }
    }
    return { pools: webhookPools, reviewsMs, healthMs };
  } finally {
    agent.destroy();
  }
}

/** A changed pool, which is compared with all others. */
async function timedReview(controller: RunningController, agent: Agent, number: number): Promise<number> {
  const net = `10.${20 + (number >> 8)}.${number & 255}`;
  const pool = (ips: string): object => ({
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPPool',
    metadata: { name: `small-${number}`, uid: `uid-${number}` },
    spec: {
      ipVersion: 4,
      subnet: `${net}.0/24`,
      ips: [ips],
      gateway: `${net}.254`,
      default: false,
      disable: false,
    },
  });
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group: 'spiderpool.spidernet.io', version: 'v2beta1', kind: 'SpiderIPPool' },
      resource: { group: 'spiderpool.spidernet.io', version: 'v2beta1', resource: 'spiderippools' },
      name: `small-${number}`,
      operation: 'UPDATE',
      userInfo: { username: 'bench' },
      object: pool(`${net}.1-${net}.210`),
      oldObject: pool(`${net}.1-${net}.200`),
      dryRun: false,
    },
  };
  return timed(controller, agent, '/validate-spiderpool-spidernet-io-v2beta1-spiderippool', review);
}

async function timed(
  controller: RunningController,
  agent: Agent,
  path: string,
  body?: object,
): Promise<number> {
  const startedMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(
    {
      host: '127.0.0.1',
      port: controller.ports.webhook,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      agent,
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text)).on('error', reject);
    },
  );
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const text = await promise;
  const tookMs = performance.now() - startedMs;
  if (body === undefined) return tookMs;
  const { response } = JSON.parse(text) as { response?: { allowed?: boolean } };
  if (response?.allowed !== true) throw new Error(`a review was to be allowed: ${text}`);
  return tookMs;
}

/** Pods that end while their node is away, and leaders that are killed. */
async function measureFaults(rounds: number): Promise<Pick<ControllerData, 'leakMs' | 'failoverMs'>> {
  await using plane = await startControlPlane();
  await createNamespace(plane, 'bench');
  await createSmallPools(plane, [0]);
  await createNodes(plane, ['dead'], false);
  await using controllers = await BenchControllers.create(plane);
  const [a, b] = [await controllers.start('bench-a'), await controllers.start('bench-b')];
  await measureUntil('somebody leads', async () => (await controllers.lease()).holder !== '');
  const leakMs: number[] = [];
  const failoverMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const leader = (await controllers.lease()).holder === a.podName ? a : b;
    const heir = leader === a ? b : a;
    await leader.kill();
    failoverMs.push(
      await measureUntil('the other leads', async () => (await controllers.lease()).holder === heir.podName),
    );
    await leader.start();
    await controllers.untilReady(heir);
    leakMs.push(await measureLeak(plane));
  }
  return { leakMs, failoverMs };
}

async function measureLeak(plane: ControlPlane): Promise<number> {
  const path = `${blocks}/v4-0a140000`;
  await plane.adminRequest('DELETE', path);
  const pods = (await fillPool(plane, 0, 'dead')).slice(0, leakedPods);
  await sleep(restMs);
  await inParallel(pods, async (pod) => deletePod(plane, pod, { force: true }));
  const names = new Set(pods.map(({ name }) => name));
  const leakMs = await measureUntil('the leaks are suspect', async () => {
    const text = JSON.stringify((await plane.adminRequest('GET', path)).body);
    const { spec } = JSON.parse(text) as {
      spec: { slots: readonly { holders?: readonly { pod: string }[] }[] };
    };
    return !spec.slots.some(({ holders }) => names.has(holders?.[0]?.pod.split('/')[1] ?? ''));
  });
  await plane.adminRequest('DELETE', '/api/v1/namespaces/bench/pods', undefined, {
    query: { gracePeriodSeconds: '0' },
  });
  return leakMs;
}

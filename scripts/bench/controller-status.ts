import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { apiVersion } from '../../src/api/resources.ts';
import { readStoredPool } from '../../src/cluster/kubernetes/stored-pool.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { PoolRange } from '../../src/ipam/want.ts';
import { createKubeApi } from '../../src/kube/create-kube-api.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { kubeResources, resourcePath } from '../../src/kube/resource-path.ts';
import { type BlockLedger, openBlockLedger } from '../../src/ledger/blocks/block-ledger.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { BenchControllers, createSmallPools, measureUntil } from './controller-cluster.ts';
import type { ControllerData } from './controller-section.ts';

const poolCount = 20;
const changesPerSecond = 100;
const log = pino({ level: 'silent' });

/** Claims at a steady rate in some pools, until the last one is counted in its pool's status. */
export async function measureStatusDelays(seconds: number): Promise<ControllerData['status']> {
  await using plane = await startControlPlane();
  await createSmallPools(
    plane,
    Array.from({ length: poolCount }, (_, number) => number),
  );
  await using controllers = await BenchControllers.create(plane);
  await controllers.untilReady(await controllers.start('bench-a'));
  const delaysMs = await claimAndFollow(plane, seconds * changesPerSecond);
  return { pools: poolCount, changesPerSecond, delaysMs };
}

/** What is known of a pool, and which of its claims its status does not count yet. */
class PoolCount {
  readonly #delaysMs: number[];
  #counted = 0;
  #claimed = 0;
  /** When the claims that are not counted were answered, the oldest first. */
  readonly #waitingMs: number[] = [];

  constructor(delaysMs: number[]) {
    this.#delaysMs = delaysMs;
  }

  get isComplete(): boolean {
    return this.#waitingMs.length === 0;
  }

  claimed(): void {
    this.#claimed += 1;
    this.#waitingMs.push(performance.now());
    this.#settle();
  }

  counted(count: number): void {
    this.#counted = count;
    this.#settle();
  }

  #settle(): void {
    const missing = Math.max(0, this.#claimed - this.#counted);
    for (const answeredMs of this.#waitingMs.splice(0, Math.max(0, this.#waitingMs.length - missing))) {
      this.#delaysMs.push(performance.now() - answeredMs);
    }
  }
}

async function claimAndFollow(plane: ControlPlane, claims: number): Promise<number[]> {
  await using api = createKubeApi({ kubeconfig: plane.adminKubeconfig });
  await using ledger = await openBlockLedger({ api, nodeName: 'bench', log });
  const ending = new AbortController();
  const delaysMs: number[] = [];
  const ranges = await readRanges(plane);
  const counts = new Map(ranges.map(({ name }) => [name, new PoolCount(delaysMs)]));
  const follow = new Reflector({
    api,
    log,
    name: 'status',
    path: resourcePath(kubeResources.pools),
    parse: parseCount,
    keyOf: ({ name }) => name,
    onChange: (name, now) => counts.get(name)?.counted(now?.count ?? 0),
  });
  const following = follow.run(ending.signal);
  await follow.synced(ending.signal);
  const startedMs = performance.now();
  const claiming: Promise<void>[] = [];
  for (let number = 0; number < claims; number++) {
    await sleep(Math.max(0, startedMs + (number * 1_000) / changesPerSecond - performance.now()));
    const range = ranges[number % ranges.length];
    if (range === undefined) throw new Error('no pool to claim from');
    claiming.push(claimOne(ledger, range, number).then(() => counts.get(range.name)?.claimed()));
  }
  await Promise.all(claiming);
  await measureUntil('every claim is counted', () =>
    Promise.resolve([...counts.values()].every(({ isComplete }) => isComplete)),
  );
  ending.abort();
  await following;
  return delaysMs;
}

async function readRanges(plane: ControlPlane): Promise<readonly PoolRange[]> {
  const { body } = await plane.adminRequest('GET', resourcePath(kubeResources.pools));
  const { items } = body as { items: readonly object[] };
  return items.map((item) => {
    const { pool } = readStoredPool({ ...item, apiVersion, kind: 'SpiderIPPool' });
    if (pool === undefined) throw new Error('a pool can not be used');
    const { name, family, subnet, addresses, reuseDelayMs } = pool;
    return { name, family, subnet, eligible: addresses, reuseDelayMs };
  });
}

async function claimOne(ledger: BlockLedger, range: PoolRange, number: number): Promise<void> {
  const pod = { namespace: 'bench', name: `pod-${number}` };
  const holder = { uid: `uid-${number}`, sandbox: `sandbox-${number}`, node: 'bench', pod };
  const want = { nic: 'eth0', family: range.family, pools: [range] };
  const outcome = await ledger.claim({ holder, network: 'bench' }, [want], chooseAddress);
  if (outcome.kind !== 'claimed') throw new Error(`a claim was refused: ${outcome.refusals[0]?.cause}`);
}

function parseCount(object: unknown): { readonly name: string; readonly count: number } {
  const { metadata, status } = object as {
    metadata: { name: string };
    status?: { allocatedIPCount?: number };
  };
  return { name: metadata.name, count: status?.allocatedIPCount ?? 0 };
}

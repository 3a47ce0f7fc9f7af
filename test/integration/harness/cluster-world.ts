import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords, type StoredUse } from '../../support/cluster-records.ts';
import { startControlPlane } from '../../support/control-plane.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import type { SocketResponse } from '../../support/socket-client.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { addressesOf } from './answers.ts';
import { runtimeCall, statusCall } from './runtime-call.ts';
import { lineOf, RuntimeTruth, type WorldPod } from './runtime-truth.ts';
import { until } from './until.ts';
import type { PodOptions, WorldOptions } from './world-options.ts';
import { WorldProcesses } from './world-processes.ts';

const api = '/apis/spiderpool.spidernet.io/v2beta1';
/** A runtime asks again after a while; here sooner, so that tests end. */
const askAgainMs = 200;
/** What is promised within 60 s gets three times that on a loaded machine; the benchmark shows the 60 s. */
const settleMsMax = 180_000;

/**
 * A cluster with agents, seen as their runtimes see it: what was answered to them is the truth that the records are held against.
 * Hold it with `await using`.
 */
export class ClusterWorld extends WorldProcesses {
  readonly #truth = new RuntimeTruth();

  static async create(options: WorldOptions): Promise<ClusterWorld> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const plane = stack.use(await startControlPlane());
    const proxy = options.throughProxy === true ? stack.use(await startFaultProxy(plane)) : undefined;
    await mkdir(join(folder.path, 'netns'));
    await plane.applyPolicies();
    const owned = new AsyncDisposableStack();
    const world = new ClusterWorld({ plane, proxy, options, folder: folder.path, stack: owned });
    stack.use(owned);
    for (const node of options.nodes) await world.startAgent(node);
    owned.adopt(stack.move(), async (rest) => rest.disposeAsync());
    await Promise.all(options.nodes.map(async (node) => world.untilReady(node)));
    return world;
  }

  /** Whether the cluster takes a node for ready. */
  async setNodeReady(name: string, isReady: boolean): Promise<void> {
    const condition = { type: 'Ready', status: isReady ? 'True' : 'Unknown', reason: 'Test' };
    await this.admin('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions: [condition] } });
  }

  /** Waits until an agent takes pods (CNI STATUS). */
  async untilReady(node: string): Promise<void> {
    await until(`agent of ${node} is ready`, async () => {
      const answer = await this.agent(node).request('POST', '/v1/cni/status', statusCall);
      return answer.status === 200;
    });
  }

  /** Sends a request with all rights. @returns the body @throws Error when it is refused */
  async admin(
    method: string,
    path: string,
    body?: unknown,
    query?: Record<string, string>,
  ): Promise<unknown> {
    const answer = await this.plane.adminRequest(method, path, body, query === undefined ? {} : { query });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Makes a SpiderIPPool. */
  async createPool(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.admin('POST', `${api}/spiderippools`, {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPPool',
      metadata: { name },
      spec,
    });
    await this.untilPool(name, () => true);
  }

  /** Changes a SpiderIPPool, and waits until every agent has heard of it. */
  async changePool(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    const changed = await this.admin('PATCH', `${api}/spiderippools/${name}`, { spec });
    const { disable } = (changed as { spec: { disable?: boolean } }).spec;
    await this.untilPool(name, (pool) => pool.disabled === (disable ?? false));
  }

  /** Waits until every agent shows the pool so. */
  async untilPool(
    name: string,
    isSo: (pool: { readonly disabled: boolean; readonly total: number }) => boolean,
  ): Promise<void> {
    for (const [node, agent] of this.agents) {
      if (agent.pid === undefined) continue;
      await until(`agent of ${node} knows pool ${name}`, async () => {
        const { body } = await agent.request('GET', '/v1/pools');
        const { pools } = body as { pools: readonly { name: string; disabled: boolean; total: number }[] };
        return pools.some((pool) => pool.name === name && isSo(pool));
      });
    }
  }

  /** Makes a pod that runs on a node, without a sandbox. */
  async createPod(name: string, node: string, options: PodOptions = {}): Promise<WorldPod> {
    const { namespace = 'default', labels, annotations, ownerReferences, spec } = options;
    const pod = await this.admin('POST', `/api/v1/namespaces/${namespace}/pods`, {
      metadata: {
        name,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(ownerReferences && { ownerReferences }),
      },
      spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }], ...spec },
    });
    const { uid } = (pod as { metadata: { uid: string } }).metadata;
    return this.newSandbox({ namespace, name, uid, node, sandbox: '', netns: '' });
  }

  /** The same pod with a new sandbox, as its runtime makes one; the former one's namespace stays until {@link endSandbox}. */
  async newSandbox(pod: WorldPod): Promise<WorldPod> {
    const sandbox = randomUUID().replaceAll('-', '').padEnd(64, '0');
    const netns = join(this.folder, 'netns', sandbox);
    await writeFile(netns, '');
    return { ...pod, sandbox, netns };
  }

  /** The containers of a sandbox have ended and its network namespace is gone. */
  async endSandbox({ netns }: WorldPod): Promise<void> {
    await rm(netns, { force: true });
  }

  /** One ADD as the runtime sends it. A success is remembered as the truth. */
  async add(pod: WorldPod, ipam: Readonly<Record<string, unknown>>, nic = 'eth0'): Promise<SocketResponse> {
    const answer = await this.addShared(pod, ipam, nic);
    if (answer.status === 200) this.#truth.assertNoAddressTwice();
    return answer;
  }

  /** As {@link add}, of a pod that may have the address of another one (the target of a live migration). */
  async addShared(
    pod: WorldPod,
    ipam: Readonly<Record<string, unknown>>,
    nic = 'eth0',
  ): Promise<SocketResponse> {
    const answer = await this.#send('add', pod, ipam, nic);
    if (answer.status === 200) this.#truth.added(pod, nic, addressesOf(answer));
    return answer;
  }

  /** ADDs again and again, each in a new sandbox as the kubelet does, until one is answered. @returns the pod with that sandbox */
  async addUntilServed(
    pod: WorldPod,
    ipam: Readonly<Record<string, unknown>>,
    nic = 'eth0',
  ): Promise<{ readonly pod: WorldPod; readonly addresses: readonly string[] }> {
    let current = pod;
    const untilMs = performance.now() + settleMsMax;
    for (;;) {
      try {
        const answer = await this.add(current, ipam, nic);
        if (answer.status === 200) return { pod: current, addresses: addressesOf(answer) };
        assert.ok(performance.now() < untilMs, `never served: ${answer.text}`);
      } catch (error) {
        // The agent is away, or was killed while it worked.
        if (error instanceof assert.AssertionError || performance.now() > untilMs) throw error;
      }
      await this.#send('del', current, ipam, nic).catch(() => undefined);
      await this.endSandbox(current);
      current = await this.newSandbox(current);
      await sleep(askAgainMs);
    }
  }

  /** One DEL as the runtime sends it. Changes nothing in what is true: {@link removePod} and {@link endSandbox} do. */
  async del(
    pod: WorldPod,
    ipam: Readonly<Record<string, unknown>> = {},
    nic = 'eth0',
  ): Promise<SocketResponse> {
    return this.#send('del', pod, ipam, nic);
  }

  /** The pod is gone from the API; its containers may still run. */
  async removePod({ namespace, name }: WorldPod): Promise<void> {
    await this.admin('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, undefined, {
      gracePeriodSeconds: '0',
    });
  }

  /** The runtime has forgotten a pod: nothing may be recorded for it any more. */
  forget(pod: WorldPod): void {
    this.#truth.forget(pod);
  }

  /** The whole end of a pod: gone from the API, containers ended, DEL. */
  async endPod(pod: WorldPod, ipam: Readonly<Record<string, unknown>> = {}, nic = 'eth0'): Promise<void> {
    await this.removePod(pod);
    await this.endSandbox(pod);
    // From here on its address may be another's, before the answer to its DEL is heard.
    this.forget(pod);
    const answer = await this.del(pod, ipam, nic);
    assert.equal(answer.status, 200, answer.text);
  }

  /** Everything that is recorded now. */
  async uses(): Promise<readonly StoredUse[]> {
    return (await readRecords(this.plane)).uses;
  }

  /**
   * Waits until the records say exactly what the runtimes know: every attachment with each of its addresses once, in its present
   * sandbox, and nothing else.
   */
  async untilSettled(limitMs = settleMsMax): Promise<void> {
    const wanted = this.#truth.lines();
    let found: readonly string[] = [];
    const differs = (): string => {
      const [missing, more] = [
        wanted.filter((line) => !found.includes(line)),
        found.filter((line) => !wanted.includes(line)),
      ];
      return `records differ from what runs\nmissing:\n${missing.join('\n')}\nbeyond:\n${more.join('\n')}`;
    };
    try {
      await until(
        'the records agree with what runs',
        async () => {
          found = (await this.uses()).map(lineOf).toSorted();
          return JSON.stringify(found) === JSON.stringify(wanted);
        },
        limitMs,
      );
    } catch (error) {
      throw new Error(`${differs()}\n${this.logs()}`, { cause: error });
    }
  }

  async #send(
    verb: 'add' | 'del',
    pod: WorldPod,
    ipam: Readonly<Record<string, unknown>>,
    nic: string,
  ): Promise<SocketResponse> {
    return this.agent(pod.node).request('POST', `/v1/cni/${verb}`, runtimeCall(verb, pod, ipam, nic));
  }
}

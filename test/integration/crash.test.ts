import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode, type TestNode } from './harness/node.ts';
import { until } from './harness/until.ts';

/** Released addresses are taken again at once, lowest first: the hardest case for "never twice". */
const reusedAtOnce = { 'ipam.spidernet.io/reuse-delay': '0' };
const pools = [
  poolManifest('crash-v4', { subnet: '10.50.0.0/24', ips: ['10.50.0.1-10.50.0.120'] }, reusedAtOnce),
  poolManifest('crash-v6', { subnet: 'fd50::/64', ips: ['fd50::1-fd50::78'] }, reusedAtOnce),
];
const ipam = { default_ipv4_ippool: ['crash-v4'], default_ipv6_ippool: ['crash-v6'] };

/** Crashes in a run, and what goes on meanwhile. */
const rounds = 6;
const socketWorkers = 6;
const pluginWorkers = 2;
/** The agent is killed at a random moment up to this long after it is healthy. */
const roundMsMax = 700;
/** Attachments that a worker keeps at a time. */
const keptMax = 5;
/** Of the ADDs whose outcome is unknown, so many are never followed by a DEL: the leaks that the sweep has to find. */
const leakShare = 0.3;

interface Attachment {
  readonly containerId: string;
  readonly netns: string;
  readonly args: Record<string, string>;
  readonly ipam: Readonly<Record<string, unknown>>;
}

/** What a runtime knows of its attachments, and what must be true of the acknowledged ones at every moment. */
class Runtime {
  /** By container id, with the addresses that were acknowledged; their DEL has not been asked for. */
  readonly held = new Map<string, { attachment: Attachment; addresses: readonly string[] }>();
  /** Container ids whose DEL was acknowledged. */
  readonly released = new Set<string>();
  /** ADD or DEL without an answer, and given up. */
  readonly leaked = new Set<string>();
  readonly #holderOf = new Map<string, string>();

  added(attachment: Attachment, addresses: readonly string[]): void {
    assert.equal(addresses.length, 2);
    for (const address of addresses) {
      assert.equal(this.#holderOf.get(address), undefined, `${address} was given twice`);
      this.#holderOf.set(address, attachment.containerId);
    }
    this.held.set(attachment.containerId, { attachment, addresses });
  }

  /** From now on the addresses may belong to somebody else. */
  deleting(containerId: string): void {
    for (const address of this.held.get(containerId)?.addresses ?? []) this.#holderOf.delete(address);
    this.held.delete(containerId);
  }
}

/** One of the runtime's threads: makes and removes attachments until it is told to stop. */
class Worker {
  readonly #node: TestNode;
  readonly #runtime: Runtime;
  readonly #name: string;
  readonly #usesPlugin: boolean;
  readonly #kept: Attachment[] = [];
  #count = 0;

  constructor(node: TestNode, runtime: Runtime, name: string, usesPlugin: boolean) {
    this.#node = node;
    this.#runtime = runtime;
    this.#name = name;
    this.#usesPlugin = usesPlugin;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const full = this.#kept.length >= keptMax;
      const attachment = full || Math.random() < 0.4 ? this.#kept.shift() : undefined;
      if (attachment === undefined) await this.#add();
      else await this.#delete(attachment);
    }
  }

  async #add(): Promise<void> {
    const attachment = this.#create();
    const answer = await this.#call('add', attachment);
    if (answer !== undefined) {
      this.#runtime.added(attachment, addressesOf(answer));
      this.#kept.push(attachment);
    } else if (Math.random() < leakShare) {
      this.#runtime.leaked.add(attachment.containerId);
    } else {
      await this.#delete(attachment);
    }
  }

  async #delete(attachment: Attachment): Promise<void> {
    this.#runtime.deleting(attachment.containerId);
    // A runtime asks again until it has an answer.
    const answer = await until('DEL is answered', () => this.#call('del', attachment));
    assert.ok('status' in answer ? answer.status === 200 : answer.exitCode === 0, JSON.stringify(answer));
    this.#runtime.released.add(attachment.containerId);
  }

  /** @returns undefined when the outcome is unknown */
  async #call(verb: 'add' | 'del', attachment: Attachment) {
    if (this.#usesPlugin) {
      const answer = await this.#node.plugin(verb === 'add' ? 'ADD' : 'DEL', attachment);
      return JSON.stringify(answer.stdout)?.includes('"code":11,') ? undefined : answer;
    }
    try {
      return await this.#node.ask(verb, attachment);
    } catch {
      // The agent is dead or died meanwhile: a runtime does not know either.
      await sleep(10);
      return undefined;
    }
  }

  #create(): Attachment {
    this.#count += 1;
    const containerId = `${this.#name}-${this.#count}`;
    const netns = namespacePath(this.#node, containerId);
    // The agent knows a namespace by device and inode of its file; making thousands of real ones would only take time.
    writeFileSync(netns, '');
    return { containerId, netns, args: podArgs(containerId), ipam };
  }
}

function namespacePath(node: TestNode, containerId: string): string {
  return join(node.agent.dataDir, '..', 'netns', containerId);
}

async function crashUnderLoad(node: TestNode, runtime: Runtime): Promise<void> {
  const ending = new AbortController();
  const workers = Array.from(
    { length: socketWorkers + pluginWorkers },
    (_, index) => new Worker(node, runtime, `worker-${index}`, index >= socketWorkers),
  );
  const running = Promise.all(workers.map((worker) => worker.run(ending.signal)));
  // A failed assertion of a worker is told at the end, not as an unhandled rejection.
  running.catch(() => ending.abort());
  for (let round = 0; round < rounds && !ending.signal.aborted; round += 1) {
    await sleep(Math.random() * roundMsMax);
    await node.agent.kill('SIGKILL');
    await node.agent.start();
  }
  ending.abort();
  await running;
}

async function sandboxes(node: TestNode): Promise<readonly string[]> {
  const all = (await node.allocations()).map(({ holders }) => holders[0]?.sandbox ?? '');
  return [...new Set(all)].sort();
}

test('an agent killed again and again under load gives no address twice, loses nothing acknowledged and leaks nothing', async (context) => {
  await using node = await startNode({ pools });
  mkdirSync(join(node.agent.dataDir, '..', 'netns'));
  const runtime = new Runtime();
  await crashUnderLoad(node, runtime);
  context.diagnostic(
    `${runtime.released.size} released, ${runtime.held.size} held, ${runtime.leaked.size} given up in ${rounds} crashes`,
  );
  assert.ok(runtime.released.size > rounds, 'there was hardly any load');

  await until('every tombstone is played back', () => node.tombstones().length === 0);
  const records = await node.allocations();
  const byAddress = new Map(records.map((record) => [record.address, record]));
  assert.equal(byAddress.size, records.length);
  for (const [containerId, { addresses }] of runtime.held) {
    for (const address of addresses) assert.equal(byAddress.get(address)?.holders[0]?.sandbox, containerId);
  }
  for (const { holders } of records) {
    const sandbox = holders[0]?.sandbox ?? '';
    assert.ok(!runtime.released.has(sandbox), `${sandbox} was released`);
    assert.ok(runtime.held.has(sandbox) || runtime.leaked.has(sandbox), `${sandbox} is unknown`);
  }

  // One leak for certain, whatever the moments of the crashes were.
  const leak = { containerId: 'leak', netns: namespacePath(node, 'leak'), ipam };
  writeFileSync(leak.netns, '');
  addressesOf(await node.ask('add', leak));
  for (const containerId of [...runtime.leaked, 'leak']) rmSync(namespacePath(node, containerId));
  const held = [...runtime.held.keys()].sort();
  await until('the sweep has freed every leak', async () => {
    assert.equal((await node.agent.request('POST', '/v1/gc')).status, 200);
    return (await sandboxes(node)).length === held.length;
  });
  assert.deepEqual(await sandboxes(node), held);
  for (const { attachment } of runtime.held.values())
    assert.equal((await node.ask('del', attachment)).status, 200);
  assert.deepEqual(await node.allocations(), []);
  for (const name of ['crash-v4', 'crash-v6']) {
    const { allocated, free, total } = await node.pool(name);
    assert.deepEqual([allocated, free], [0, total]);
  }
});

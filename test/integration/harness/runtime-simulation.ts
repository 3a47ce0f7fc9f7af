import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../../support/seeded-random.ts';
import { addressesOf } from './answers.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { WorldPod } from './runtime-truth.ts';
import { until } from './until.ts';

/** Pods that each node runs at once. */
const podsPerNode = 4;
/** How long a pod lives, and the sandbox of one that was removed by force goes on, milliseconds. */
const livesMs = { least: 200, most: 5_000 } as const;
const outlivesMs = { least: 500, most: 8_000 } as const;
/** Pods that are made on the other nodes after one has died, so that a wrong release would show. */
const heirs = 6;

/** How a pod ends, or goes on. */
type Turn = 'deleted' | 'no DEL' | 'outlived by its sandbox' | 'finished' | 'new sandbox';
const turns: readonly Turn[] = ['deleted', 'no DEL', 'outlived by its sandbox', 'finished', 'new sandbox'];

interface Living {
  readonly pod: WorldPod;
  readonly addresses: readonly string[];
}

/** What runtimes do all day, at random: pods come and go on several nodes, and not all of them leave in order. */
export class RuntimeSimulation {
  /** ADDs that were answered with an address. */
  adds = 0;
  readonly #world: ClusterWorld;
  readonly #random: Random;
  readonly #ipam: Readonly<Record<string, unknown>>;
  /** Pods that the API server shows as running and whose runtime was given addresses, by UID. */
  readonly #living = new Map<string, Living>();
  #pods = 0;

  constructor(world: ClusterWorld, random: Random, ipam: Readonly<Record<string, unknown>>) {
    this.#world = world;
    this.#random = random;
    this.#ipam = ipam;
  }

  /** Lets pods come and go until the signal is aborted; the last ones stay. */
  async run(nodes: readonly string[], signal: AbortSignal): Promise<void> {
    const work = async (node: string): Promise<void> => {
      while (!signal.aborted) await this.#live(node, signal);
    };
    await Promise.all(nodes.flatMap((node) => Array.from({ length: podsPerNode }, async () => work(node))));
  }

  /**
   * Holds the records against what lives: every address that a runtime was given for a pod that still runs is recorded for this pod.
   * What changed while the records were read is not judged.
   */
  async assertLivingRecorded(): Promise<void> {
    const before = new Map(this.#living);
    const uses = await this.#world.uses();
    const recorded = new Set(uses.map(({ uid, address }) => `${uid} ${address}`));
    for (const [uid, living] of before) {
      if (this.#living.get(uid) !== living) continue;
      for (const address of living.addresses) {
        const { namespace, name, node } = living.pod;
        assert.ok(
          recorded.has(`${uid} ${address}`),
          `${address} of ${namespace}/${name} (${uid}) on ${node} lives and is not recorded`,
        );
      }
    }
  }

  /**
   * A node dies with all it runs: its agent ends for ever, the cluster takes it for not ready and removes its pods, and their
   * sandboxes answer on. None of their addresses may be another's.
   */
  async loseNode(node: string): Promise<void> {
    const lost = [...this.#living.values()].filter(({ pod }) => pod.node === node);
    for (const { pod } of lost) this.#living.delete(pod.uid);
    await this.#world.killProcess(node);
    await this.#world.setNodeReady(node, false);
    for (const { pod } of lost) await this.#world.removePod(pod);
    const others = this.#world.nodes.filter((name) => name !== node);
    for (let heir = 0; heir < heirs; heir++) await this.#tryToStart(others[heir % others.length] ?? '');
    await until(`nothing is recorded on ${node}`, async () =>
      (await this.#world.uses()).every((use) => use.node !== node),
    );
    for (const { pod } of lost) this.#world.forget(pod);
  }

  /** Waits until the records are exactly those of what lives. */
  async untilSettled(limitMs: number): Promise<void> {
    await this.#world.untilSettled(limitMs);
  }

  async #live(node: string, signal: AbortSignal): Promise<void> {
    let living = await this.#start(node);
    while (!signal.aborted) {
      await sleep(this.#between(livesMs), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const turn = pick(this.#random, turns);
      if (turn !== 'new sandbox') return this.#end(living, turn);
      living = await this.#renew(living);
    }
  }

  async #start(node: string): Promise<Living> {
    return this.#serve(await this.#create(node));
  }

  /** One ADD: it is refused when all that is left may still answer on the wire. */
  async #tryToStart(node: string): Promise<void> {
    const pod = await this.#create(node);
    const answer = await this.#world.add(pod, this.#ipam);
    if (answer.status !== 200) return;
    this.adds += 1;
    this.#living.set(pod.uid, { pod, addresses: addressesOf(answer) });
  }

  async #create(node: string): Promise<WorldPod> {
    this.#pods += 1;
    return this.#world.createPod(`pod-${this.#pods}`, node, { spec: { restartPolicy: 'Never' } });
  }

  async #serve(pod: WorldPod): Promise<Living> {
    const served = await this.#world.addUntilServed(pod, this.#ipam);
    this.adds += 1;
    this.#living.set(served.pod.uid, served);
    return served;
  }

  async #renew({ pod, addresses }: Living): Promise<Living> {
    await this.#world.endSandbox(pod);
    await this.#world.del(pod, this.#ipam).catch(() => undefined);
    const served = await this.#serve(await this.#world.newSandbox(pod));
    assert.deepEqual(served.addresses, addresses, `pod ${pod.name} lives and got another address`);
    return served;
  }

  async #end({ pod }: Living, turn: Exclude<Turn, 'new sandbox'>): Promise<void> {
    const world = this.#world;
    this.#living.delete(pod.uid);
    if (turn === 'finished') {
      await world.admin('PATCH', `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`, {
        status: { phase: 'Succeeded' },
      });
    } else {
      await world.removePod(pod);
    }
    if (turn === 'outlived by its sandbox') await sleep(this.#between(outlivesMs));
    await world.endSandbox(pod);
    // From here on its address may be another's.
    world.forget(pod);
    // The plugin leaves a tombstone when its agent is away; here that DEL is lost altogether.
    if (turn === 'deleted') await world.del(pod, this.#ipam).catch(() => undefined);
  }

  #between({ least, most }: { readonly least: number; readonly most: number }): number {
    return least + this.#random() * (most - least);
  }
}

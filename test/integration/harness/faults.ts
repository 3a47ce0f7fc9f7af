import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../support/fault-proxy.ts';
import { pick, type Random } from '../../support/seeded-random.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** Pauses between two faults, and how long each lasts, milliseconds. */
const pauseMs = { least: 300, most: 2_500 } as const;
const lastsMs = { least: 200, most: 6_000 } as const;
/** Lines of the history that a failure shows. */
const historyMax = 60;

/** What a proxy does to requests for a while. */
const requestFaults: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429, headers: { 'Retry-After': '1' } },
  { kind: 'cut-before' },
  { kind: 'cut-after' },
  { kind: 'delay', delayMs: 1_500 },
  { kind: 'commit-late', delayMs: 3_000 },
];

/** Does harm to a world at random, one fault after the other, each undone after a while. */
export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #world: ClusterWorld;
  readonly #random: Random;
  readonly #history: string[] = [];
  readonly #startedMs = performance.now();
  readonly #shifted = new Set<string>();
  readonly #undoing = new Set<Promise<void>>();
  /** Processes that a fault has in hand: another must not start what this one has ended. */
  readonly #down = new Set<string>();

  constructor(world: ClusterWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** The last faults, one a line. */
  get history(): string {
    return this.#history.slice(-historyMax).join('\n');
  }

  /** Makes faults until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#between(pauseMs), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) this.#next();
    }
  }

  /** Waits until everything is undone: all processes run and are reached, with the clock of the machine. */
  async heal(): Promise<void> {
    await Promise.all(this.#undoing);
    for (const name of this.#shifted) this.#shift(name);
  }

  #next(): void {
    const name = pick(this.#random, this.#world.processNames);
    const kinds = {
      kill: () => this.#kill(name),
      partition: () => this.#partition(name),
      clock: () => Promise.resolve(this.#shift(name)),
      requests: () => this.#requests(name),
    } as const;
    const kind = pick(this.#random, Object.keys(kinds) as (keyof typeof kinds)[]);
    if (this.#down.has(name) && kind !== 'requests') return;
    this.#note(kind, name);
    const undone = kinds[kind]().finally(() => this.#undoing.delete(undone));
    this.#undoing.add(undone);
  }

  async #kill(name: string): Promise<void> {
    this.#down.add(name);
    await this.#world.killProcess(name);
    this.#shifted.delete(name);
    await sleep(this.#between(lastsMs));
    await this.#world.startProcess(name);
    this.#down.delete(name);
  }

  async #partition(name: string): Promise<void> {
    this.#down.add(name);
    await this.#world.proxyOf(name).refuse(true);
    await sleep(this.#between(lastsMs));
    await this.#world.proxyOf(name).refuse(false);
    this.#down.delete(name);
  }

  #shift(name: string): void {
    this.#world.shiftClock(name);
    if (!this.#shifted.delete(name)) this.#shifted.add(name);
  }

  async #requests(name: string): Promise<void> {
    const fault = pick(this.#random, requestFaults);
    this.#note(fault.kind, name);
    const rule = this.#world.proxyOf(name).inject({ path: /spider|pods|leases/, fault });
    await sleep(this.#between(lastsMs));
    rule.remove();
  }

  #between({ least, most }: { readonly least: number; readonly most: number }): number {
    return least + this.#random() * (most - least);
  }

  #note(kind: string, name: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#history.push(`${Math.round(performance.now() - this.#startedMs)} ms: ${kind} ${name}`);
  }
}

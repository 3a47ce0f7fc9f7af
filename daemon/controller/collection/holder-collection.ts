import {
  type CollectionRules,
  findingOf,
  type HolderFinding,
} from '../../../src/collection/holder-finding.ts';
import { type DueSighting, Suspicions } from '../../../src/collection/suspicions.ts';
import type { Holder } from '../../../src/ledger/record.ts';
import type { CollectionPass } from './collection-pass.ts';
import type { HolderSighting } from './look-at-records.ts';
import type { RecordRelease, RecordReleaser } from './record-releaser.ts';

/** Holders that are read anew in one pass; further ones wait for the next. */
const dueMax = 20_000;
/** Holders that are released together: what the ledger writes at once, and a cancelled pass still waits for. */
const batchMax = 1_024;

/** Frees holders that are gone: seen for long enough, and then by a quorum reading of their pod and their node. */
export class HolderCollection {
  readonly #rules: CollectionRules;
  readonly #releaser: RecordReleaser;
  readonly #suspicions = new Suspicions();

  constructor(rules: CollectionRules, releaser: RecordReleaser) {
    this.#rules = rules;
    this.#releaser = releaser;
  }

  /** Holders that look gone, but have not been freed. */
  get suspected(): number {
    return this.#suspicions.size;
  }

  /** When there will be something to do, by performance.now(); see {@link Suspicions.nextDueMs}. */
  nextDueMs(nowMs: number, againMs: number): number {
    return this.#suspicions.nextDueMs(nowMs, againMs);
  }

  /**
   * Takes in a whole look, and frees what is due. Never rejects.
   *
   * @returns how many could not be freed
   */
  async collect(sightings: readonly HolderSighting[], pass: CollectionPass): Promise<number> {
    const due = this.#suspicions
      .look(sightings, performance.now())
      .filter(({ sighting }) => !this.#releaser.isUnderWay(sighting.key))
      .slice(0, dueMax);
    if (due.length === 0) return 0;
    const { readings, tally, signal } = pass;
    const holders = due.map(({ sighting }) => sighting.holder);
    await readings.readPods(new Map(holders.filter(hasPod).map((it) => [podKey(it), it.pod])).values());
    await readings.readNodes(holders.map(({ node }) => node));
    const releases = due.flatMap((one) => this.#decide(one, pass) ?? []);
    let failed = 0;
    for (let from = 0; from < releases.length && !signal.aborted; from += batchMax) {
      const batch = releases.slice(from, from + batchMax);
      const left = new Set(await this.#releaser.release(batch, tally, signal));
      // What failed stays suspected, and is tried again.
      for (const release of batch) if (!left.has(release)) this.#suspicions.forget(release.key);
      failed += left.size;
      // The API server takes nothing now.
      if (left.size === batch.length) break;
    }
    return failed;
  }

  /** What a reading of its pod and its node makes of a suspicion. */
  #decide(due: DueSighting<HolderSighting>, pass: CollectionPass): RecordRelease | undefined {
    const { sighting, sinceMs, isKnown } = due;
    const { key, record, holder } = sighting;
    const finding = this.#findingByReading(sighting, pass);
    if (finding === 'unknown') return undefined;
    const nowMs = performance.now();
    if (finding === undefined || nowMs - sinceMs < finding.waitMs) {
      this.#suspicions.forget(key);
      return undefined;
    }
    if (!isKnown) {
      this.#suspicions.confirm(sighting, nowMs);
      return undefined;
    }
    const { reason, suspect } = finding;
    return { key, record, holder, suspect, reason, node: holder.node };
  }

  #findingByReading(
    { record, holder }: HolderSighting,
    { readings }: CollectionPass,
  ): HolderFinding | undefined | 'unknown' {
    const pod = hasPod(holder) ? readings.pod(holder.pod) : { found: undefined };
    const node = readings.node(holder.node);
    if (pod === undefined || node === undefined) return 'unknown';
    return findingOf(record, holder, { pod: pod.found, node: node.found }, this.#rules);
  }
}

function hasPod({ pod }: Holder): boolean {
  return pod.name !== '';
}

function podKey({ pod }: Holder): string {
  return `${pod.namespace}/${pod.name}`;
}

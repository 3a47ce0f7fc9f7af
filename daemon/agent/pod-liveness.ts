import type { Cluster, PodHolder, PodState } from '../../src/cluster/cluster.ts';
import { CniCode, CniError } from '../../src/cni/error.ts';
import type { Logger } from '../../src/log/logger.ts';
import { podText } from '../../src/wire/to-shapes.ts';
import { Limiter } from '../process/limiter.ts';

/** Readings of pods under way at once: a garbage collection of a whole node must not flood the API server. */
const readingsMax = 32;

/** A reading is waited for this long, so that a DEL is answered before its own limit while the API server is away. */
const readingMs = 2_000;

/** Whether the pods of holders still run, by what was heard last and by readings of its own. */
export class PodLiveness {
  readonly #cluster: Cluster;
  readonly #log: Logger;
  readonly #readings = new Limiter(readingsMax);

  constructor(cluster: Cluster, log: Logger) {
    this.#cluster = cluster;
    this.#log = log;
  }

  /**
   * For a DEL, which frees unless the pod lives: what was heard last decides, but "lives" is read again, since a DEL often comes
   * before the news of the pod's end. Of one that is being deleted the sandbox is not made again.
   *
   * @throws CniError with code 11 when it can't be read now: nothing can be freed, and nothing is decided
   */
  async isSurelyLiving(holder: PodHolder): Promise<boolean> {
    const heard = this.#cluster.podState(holder);
    if (heard !== 'living' && heard !== 'unheard') return false;
    return (await this.#read(holder)) === 'living';
  }

  /**
   * For whoever frees without being asked by the pod's runtime: anything but "living" is read, since what was heard may be older
   * than the pod. Unknown where nothing tells of pods. When it can't be read the pod counts as living.
   */
  async surely(holder: PodHolder): Promise<PodState> {
    const heard = this.#cluster.podState(holder);
    if (heard === 'unknown' || heard === 'living') return heard;
    try {
      return await this.#read(holder);
    } catch (error) {
      this.#log.debug({ err: error, pod: holder.pod }, 'pod could not be read');
      return 'living';
    }
  }

  #read(holder: PodHolder): Promise<PodState> {
    return this.#readings.run(async () => {
      const signal = AbortSignal.timeout(readingMs);
      try {
        return await this.#cluster.readPodState(holder, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
        const message = `pod ${podText(holder.pod)} could not be read within ${readingMs} ms`;
        throw new CniError(CniCode.tryAgainLater, message, { cause: error });
      }
    });
  }
}

import type { NodeView } from '../../../src/cluster/kubernetes/node-view.ts';
import type { PodLife } from '../../../src/cluster/kubernetes/pod-life.ts';
import { isFinished } from '../../../src/cluster/kubernetes/pod-view.ts';
import type { LeaderView } from '../leader/leader-view.ts';
import type { CollectionTimes } from './collection-times.ts';
import type { LookSchedule } from './look-schedule.ts';

/** Lets changes of the cluster bring the next look forward. */
export class CollectionTriggers {
  readonly #schedule: LookSchedule;
  readonly #times: Pick<CollectionTimes, 'eventPauseMs' | 'againMs'>;

  constructor(schedule: LookSchedule, times: Pick<CollectionTimes, 'eventPauseMs' | 'againMs'>) {
    this.#schedule = schedule;
    this.#times = times;
  }

  /** Listens for as long as the view lives. */
  listen({ pods, nodes, blocks }: Pick<LeaderView, 'pods' | 'nodes' | 'blocks'>): void {
    const { eventPauseMs, againMs } = this.#times;
    pods.onChange((_, now, before) => {
      if (hasEndedMore(now, before)) this.#within(eventPauseMs);
    });
    nodes.onChange((_, now, before) => {
      if (isOtherNode(now, before)) this.#within(eventPauseMs);
    });
    // A record may be written after its pod has gone. Blocks change all the time, and mostly it has not.
    blocks.onChange(() => this.#within(againMs));
  }

  #within(ms: number): void {
    this.#schedule.by(performance.now() + ms);
  }
}

/** Whether a pod is nearer to its end than before, or may need its address less. */
function hasEndedMore(now: PodLife | undefined, before: PodLife | undefined): boolean {
  if (now === undefined || before === undefined) return now === undefined || now.deleting || isFinished(now);
  return (
    now.uid !== before.uid ||
    now.deleting !== before.deleting ||
    isFinished(now) !== isFinished(before) ||
    (now.phase === 'Running' && !now.hasAddress && (before.hasAddress || before.phase !== 'Running'))
  );
}

function isOtherNode(now: NodeView | undefined, before: NodeView | undefined): boolean {
  return now?.isReady !== before?.isReady || now?.isOutOfService !== before?.isOutOfService;
}

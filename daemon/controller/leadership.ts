import { ObjectEvents } from '../process/object-events.ts';
import type { CollectionRequests } from './collection/collection-requests.ts';
import { Collector } from './collection/collector.ts';
import type { ControllerContext } from './controller-context.ts';
import type { LeaderPart } from './leader/leader-part.ts';
import { LeaderView } from './leader/leader-view.ts';
import { Migration } from './migration/migration.ts';
import { PoolStatus } from './pool-status/pool-status.ts';

/** Everything that the leader alone does. */
export class Leadership {
  readonly #context: ControllerContext;
  readonly #requests: CollectionRequests;
  #view: LeaderView | undefined;

  constructor(context: ControllerContext, requests: CollectionRequests) {
    this.#context = context;
    this.#requests = requests;
  }

  /** Whether this controller leads and knows the whole cluster. */
  get isSynced(): boolean {
    return this.#view?.isSynced === true;
  }

  /**
   * One term, until the signal is aborted. It begins with a view of its own: what a former term knew may be old.
   */
  async lead(signal: AbortSignal): Promise<void> {
    const { api, log, metrics, options } = this.#context;
    const view = new LeaderView({ api, log });
    const reporter = { component: 'spiderpool-controller', instance: options.podName };
    const events = new ObjectEvents({ api, log, reporter });
    const { collection, metricRenewMs } = options;
    const collector = new Collector({ api, log, metrics, view, collection, workloads: options });
    const parts: readonly LeaderPart[] = [
      events,
      new PoolStatus({ api, log, metrics, view, events, metricRenewMs }),
      collector,
      this.#requests.answeredBy(collector),
      new Migration({ api, log, pools: view.pools }),
      // The last, so that all others listen to it.
      view,
    ];
    this.#view = view;
    try {
      await Promise.all(parts.map((part) => part.run(signal)));
    } finally {
      this.#view = undefined;
    }
  }
}

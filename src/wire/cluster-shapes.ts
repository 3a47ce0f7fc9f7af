import type { WhoShape } from './shapes.ts';

/** What became of a pod, by a reading of this moment. */
export type PodStateWord =
  | 'living'
  /** Its deletion was asked for. */
  | 'ending'
  | 'finished'
  /** Another pod has its name. */
  | 'replaced'
  | 'gone'
  /** No pod is named, or it can't be read. */
  | 'unknown';

/** What became of a node. */
export type NodeStateWord = 'ready' | 'not-ready' | 'out-of-service' | 'gone' | 'unknown';

/** A pod that has an address, or had it last, as it is now. */
export interface PodNowShape {
  /** `namespace/name`; empty where the runtime named no pod. */
  readonly pod: string;
  readonly uid: string;
  readonly state: PodStateWord;
  readonly node: string;
  readonly nodeState: NodeStateWord;
}

/** Who has an address, with what only a whole cluster tells. */
export interface ClusterWhoShape extends WhoShape {
  readonly cluster: {
    /** SpiderReservedIPs that take the address away. */
    readonly reservedBy: readonly string[];
    /** Pools whose `excludeIPs` takes it away. */
    readonly excludedBy: readonly string[];
    /** Of the holders, or else of the last ones; the newest first. */
    readonly pods: readonly PodNowShape[];
  };
}

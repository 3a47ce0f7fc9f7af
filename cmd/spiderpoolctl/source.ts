import type { JsonObject } from '../../src/cni/field-reader.ts';
import type { ClusterWhoShape } from '../../src/wire/cluster-shapes.ts';
import type {
  AllocationShape,
  ExplainShape,
  PoolsShape,
  ReleasedShape,
  WhoShape,
} from '../../src/wire/shapes.ts';
import type { ExplainOptions } from './explain-request.ts';

/** What was answered. */
export interface Answer<T> {
  /** For programs: the JSON as it came, integers beyond 2^53 as bigint. */
  readonly body: unknown;
  /** The same, checked. */
  readonly value: T;
  /** What a person should know beside it, a line each. @default none */
  readonly notes?: readonly string[];
}

/** Which allocations; those that are undefined match all. */
export interface AllocationFilter {
  readonly pool?: string;
  readonly node?: string;
  /** `namespace/name`. */
  readonly pod?: string;
  readonly sandbox?: string;
  readonly uid?: string;
  readonly nic?: string;
  readonly network?: string;
}

/** Some allocations, each also as it came. */
export interface AllocationPage {
  readonly bodies: readonly unknown[];
  readonly values: readonly AllocationShape[];
}

/** What `explain` asks. */
export interface ExplainQuestion {
  readonly options: ExplainOptions;
  /** The network configuration that the command line names; undefined when it names none. */
  readonly config?: JsonObject;
  /** A pod that need not exist yet, as the API server would have it. */
  readonly pod?: JsonObject;
  /** The node that it is thought to be on. */
  readonly node?: string;
}

/** What a pass of garbage collection did. */
export interface Collected {
  readonly body: unknown;
  readonly text: () => string;
}

/**
 * Who answers: the agent of this host by its socket, or a cluster by its API server. All methods throw CtlError, or errors that
 * `toCtlError` knows, and end with the signal that the source was made with.
 */
export interface Source extends AsyncDisposable {
  /** In messages, such as `the agent on /run/a.sock`. */
  readonly title: string;

  /** What is said when there are no pools; undefined for what holds on a host. */
  readonly noPools?: string;

  /** The pools with their counts. @param name only this pool */
  pools(name?: string): Promise<Answer<PoolsShape>>;

  /** The records that match, in pages, IPv4 before IPv6, ascending. */
  allocations(filter: AllocationFilter): AsyncIterable<AllocationPage>;

  /** Who has an address, in its canonical text, and else who had it last. */
  who(address: string): Promise<Answer<WhoShape | ClusterWhoShape>>;

  /** What an ADD would do. Writes nothing. */
  explain(question: ExplainQuestion): Promise<Answer<ExplainShape>>;

  /** Releases an allocation as it was seen, if it still is so. */
  release(seen: WhoShape | ClusterWhoShape): Promise<Answer<ReleasedShape>>;

  /** One pass of garbage collection now. */
  collect(): Promise<Collected>;
}

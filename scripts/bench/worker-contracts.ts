import type { ChooseData } from './choose-section.ts';

/** A command whose process is measured. */
export interface Peer {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Becomes its standard input. */
  readonly stdinFile: string;
  /** Whether it has to print a CNI object. */
  readonly prints: boolean;
}

export interface SpawnerInput {
  /** For pipes. */
  readonly folder: string;
  /** In the order in which they take turns. */
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly callsPerRound: number;
}

/** For each round and each peer (in their order) the milliseconds of all calls. */
export type SpawnerOutput = readonly (readonly (readonly number[])[])[];

/** So many requests, so many of them at a time. */
export interface LoadPhase {
  readonly path: '/v1/cni/add' | '/v1/cni/del';
  readonly inFlight: number;
  readonly requests: number;
  /** Container ids start with it: an ADD and its DEL have the same ones. */
  readonly idPrefix: string;
}

export interface LoadInput {
  readonly socketPath: string;
  readonly config: unknown;
  readonly phases: readonly LoadPhase[];
  /** Whether each ADD has to answer another address. */
  readonly expectAddresses: boolean;
}

/** One phase. */
export interface LoadOutput {
  readonly durationMs: number;
  /** In the order of the answers. */
  readonly latenciesMs: readonly number[];
}

/** A pod whose sandbox a node's runtime makes or ends. */
export interface BurstPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly sandbox: string;
}

/** A node's agent and what is asked of it. */
export interface BurstNode {
  readonly socketPath: string;
  readonly pods: readonly BurstPod[];
}

export interface BurstInput {
  readonly path: '/v1/cni/add' | '/v1/cni/del';
  readonly nodes: readonly BurstNode[];
  /** Requests at a time to each node. */
  readonly inFlight: number;
  readonly config: unknown;
  /** CNI_NETNS of all. */
  readonly netns: string;
}

export interface BurstOutput {
  /** From the first request to the last answer that was a success. */
  readonly durationMs: number;
  /** Of every answer, refusals too. */
  readonly latenciesMs: readonly number[];
  /** Answers that were no success; they were asked again after a second. */
  readonly failures: number;
  /** The first few refusals. */
  readonly messages: readonly string[];
  readonly distinctAddresses: number;
}

export interface CommitsInput {
  /** The database; made when it is not there. */
  readonly path: string;
  readonly durationMs: number;
}

/** What goes into each worker process and what comes out, by the module's name. */
export interface WorkerContracts {
  readonly 'spawner.ts': { readonly input: SpawnerInput; readonly output: SpawnerOutput };
  readonly 'choose-worker.ts': { readonly input: { readonly rounds: number }; readonly output: ChooseData };
  readonly 'load-generator.ts': { readonly input: LoadInput; readonly output: readonly LoadOutput[] };
  readonly 'burst-generator.ts': { readonly input: BurstInput; readonly output: BurstOutput };
  /** Commits a second. */
  readonly 'sqlite-commits.ts': { readonly input: CommitsInput; readonly output: number };
}

export type WorkerName = keyof WorkerContracts;
export type WorkerInput<Name extends WorkerName> = WorkerContracts[Name]['input'];
export type WorkerOutput<Name extends WorkerName> = WorkerContracts[Name]['output'];

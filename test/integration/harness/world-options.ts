export interface WorldOptions {
  /** Names of the nodes, each with an agent. */
  readonly nodes: readonly string[];
  /** Put a fault proxy between the processes and the API server: one for all agents, or `each` one of its own. @default false */
  readonly throughProxy?: boolean | 'each';
  /** Let the clock of each process jump when a test wants it to. @default false */
  readonly shiftsClocks?: boolean;
  /** For how long the agents' first token is taken, seconds. @default an hour */
  readonly tokenSeconds?: number;
  /** Keys of conf.yml beside the usual ones. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Added to the agents' environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface PodOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly unknown[];
  /** Keys of the pod's spec beside the usual ones. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface ControllerOptions {
  /** Content of conf.yml. @default both families and StatefulSets */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Added to the controller's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

import { Counter, Gauge, Registry } from 'prom-client';
import { CniCode, CniError } from '../cni/error.ts';
import { type Operation, OperationMetrics } from './operation-metrics.ts';
import { addProcessMetrics } from './process-metrics.ts';

/** Causes of failed allocations in the original's words. */
const allocationErrors = {
  internal: 'internal errors',
  no_available_pool: 'no pool that may serve the pod',
  retries_exhausted: 'giving up after retries',
  ip_used_out: 'pools without a free address',
} as const;

/** Causes of failed releases in the original's words. */
const releaseErrors = { internal: 'internal errors', retries_exhausted: 'giving up after retries' } as const;

type AllocationErrorCause = keyof typeof allocationErrors;

/** Codes that mean: no pool may serve the pod. */
const noPoolCodes: ReadonlySet<number> = new Set([
  CniCode.noPoolSelected,
  CniCode.poolUnknown,
  CniCode.poolsFiltered,
  CniCode.familyDisabled,
]);

/** Codes of a request that is wrong in itself: no cause of the original's, so only the failure is counted. */
const requestCodes: ReadonlySet<number> = new Set([
  CniCode.incompatibleVersion,
  CniCode.unknownContainer,
  CniCode.invalidEnvironment,
  CniCode.decodingFailure,
  CniCode.invalidConfig,
  CniCode.requestedAddressRefused,
  CniCode.badSelection,
  CniCode.podNotAlive,
]);

export interface AgentMetricsOptions {
  /** Has the original's debug metric. @default false */
  readonly debug?: boolean;
  /** Whether records are loaded, so that ADDs can be served; asked at each scrape. @default () => true */
  readonly isReady?: () => boolean;
}

/** The agent's metrics, with the names that the original documents. */
export class AgentMetrics {
  readonly registry = new Registry();
  readonly #operations = {
    allocation: new OperationMetrics(this.registry, 'allocation'),
    release: new OperationMetrics(this.registry, 'release'),
  };
  readonly #allocationErrors = counters(this.registry, 'allocation', allocationErrors);
  readonly #releaseErrors = counters(this.registry, 'release', releaseErrors);
  readonly #tombstones = new Gauge({
    name: 'spiderpool_ipam_tombstones',
    help: 'DELs that wait for their replay',
    registers: [this.registry],
  });
  readonly #swept = new Counter({
    name: 'spiderpool_ip_gc_counts_total',
    help: 'Addresses freed because their network namespace is gone',
    registers: [this.registry],
  });
  readonly #sweepFailures = new Counter({
    name: 'spiderpool_ip_gc_failure_counts_total',
    help: 'Passes of the leak sweep that failed',
    registers: [this.registry],
  });

  readonly #addressConflicts = new Counter({
    name: 'spiderpool_ipam_address_conflicts_total',
    help: 'Addresses of running pods that turned out to be recorded for somebody else',
    registers: [this.registry],
  });

  constructor({ debug = false, isReady = () => true }: AgentMetricsOptions = {}) {
    const ready: Gauge = new Gauge({
      name: 'spiderpool_ipam_ready',
      help: 'Whether records are loaded, so that ADDs can be served: 1 or 0',
      registers: [this.registry],
      collect: () => ready.set(isReady() ? 1 : 0),
    });
    addProcessMetrics(this.registry);
    if (!debug) return;
    // Declared by the original and never counted; dashboards ask for it all the same.
    this.registry.registerMetric(
      new Counter({
        name: 'spiderpool_debug_auto_pool_waited_for_available_counts_total',
        help: 'Always 0: no ADD waits for the pool of an application',
        registers: [],
      }),
    );
  }

  /** Wraps an operation so that each call is counted and timed under its name. */
  timed<A extends unknown[], R>(
    operation: Operation,
    run: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const startMs = performance.now();
      try {
        const result = await run(...args);
        this.#observe(operation, startMs);
        return result;
      } catch (error) {
        this.#observe(operation, startMs, error);
        throw error;
      }
    };
  }

  /** Notes how long a request has waited for earlier work on the same attachment. */
  waited(operation: Operation, sinceMs: number): void {
    this.#operations[operation].waited((performance.now() - sinceMs) / 1000);
  }

  #observe(operation: Operation, startMs: number, error?: unknown): void {
    const seconds = (performance.now() - startMs) / 1000;
    this.#operations[operation].finished(seconds, error === undefined);
    if (error === undefined) return;
    if (operation === 'release') {
      this.#releaseErrors[isTemporary(error) ? 'retries_exhausted' : 'internal'].inc();
      return;
    }
    const cause = allocationErrorCause(error);
    if (cause !== undefined) this.#allocationErrors[cause].inc();
  }

  /** Counts a write of the ledger that another agent's write was before; all are counted as allocations, which they nearly always are. */
  conflicted(): void {
    this.#operations.allocation.conflicted();
  }

  /** Counts addresses of running pods that are recorded for somebody else by now. */
  addressConflicts(addresses: number): void {
    this.#addressConflicts.inc(addresses);
  }

  /** Sets how many DELs wait for their replay. */
  tombstones(count: number): void {
    this.#tombstones.set(count);
  }

  /** Counts addresses that a sweep freed. */
  swept(addresses: number): void {
    this.#swept.inc(addresses);
  }

  /** Counts a pass of the sweep that failed. */
  sweepFailed(): void {
    this.#sweepFailures.inc();
  }
}

function counters<C extends string>(
  registry: Registry,
  operation: string,
  causes: Readonly<Record<C, string>>,
): Record<C, Counter> {
  const entries = Object.entries(causes).map(([cause, text]) => [
    cause,
    new Counter({
      name: `spiderpool_ipam_${operation}_err_${cause}_counts_total`,
      help: `IPAM ${operation} requests that failed: ${String(text)}`,
      registers: [registry],
    }),
  ]);
  return Object.fromEntries(entries) as Record<C, Counter>;
}

function allocationErrorCause(error: unknown): AllocationErrorCause | undefined {
  if (!(error instanceof CniError)) return 'internal';
  if (error.code === CniCode.poolsExhausted) return 'ip_used_out';
  if (noPoolCodes.has(error.code)) return 'no_available_pool';
  if (isTemporary(error)) return 'retries_exhausted';
  return requestCodes.has(error.code) ? undefined : 'internal';
}

function isTemporary(error: unknown): boolean {
  return error instanceof CniError && error.code === CniCode.tryAgainLater;
}

import { Counter, type Registry } from 'prom-client';
import { DurationMetrics } from './duration-metrics.ts';

/** What the agent does to addresses, in the words of the metric names. */
export type Operation = 'allocation' | 'release';

/** The metrics that allocation and release have in common: `spiderpool_ipam_<operation>_…`. */
export class OperationMetrics {
  readonly #total: Counter;
  readonly #failures: Counter;
  readonly #conflicts: Counter;
  readonly #duration: DurationMetrics;
  readonly #waiting: DurationMetrics;

  constructor(registry: Registry, operation: Operation) {
    const prefix = `spiderpool_ipam_${operation}`;
    const counter = (infix: string, help: string): Counter =>
      new Counter({ name: `${prefix}_${infix}_total`, help, registers: [registry] });
    this.#total = counter('counts', `IPAM ${operation} requests`);
    this.#failures = counter('failure_counts', `IPAM ${operation} requests that failed`);
    // A store that only this agent writes to has none, so it stays at zero there.
    this.#conflicts = counter(
      'update_ippool_conflict_counts',
      `Writes of an IPAM ${operation} that another agent's write was before`,
    );
    this.#duration = new DurationMetrics(registry, { prefix, what: `an IPAM ${operation}` });
    this.#waiting = new DurationMetrics(registry, {
      prefix,
      infix: 'limit_',
      what: `waiting for earlier work on the same attachment in an IPAM ${operation}`,
    });
  }

  /** Counts one request that took this long. */
  finished(durationSeconds: number, succeeded: boolean): void {
    this.#total.inc();
    if (!succeeded) this.#failures.inc();
    this.#duration.observe(durationSeconds);
  }

  /** Counts a write that another agent's write was before. */
  conflicted(): void {
    this.#conflicts.inc();
  }

  /** Notes how long a request waited for its turn. */
  waited(seconds: number): void {
    this.#waiting.observe(seconds);
  }
}

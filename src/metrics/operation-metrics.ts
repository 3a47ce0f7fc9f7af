import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Bounds of the duration histograms in seconds: the original's, plus finer ones below 100 ms, where this agent works. */
const bucketsSeconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 1, 3, 5, 7, 10, 15];

/** The metrics that allocation and release have in common: `spiderpool_ipam_<operation>_…`. */
export class OperationMetrics {
  readonly #total: Counter;
  readonly #failures: Counter;
  readonly #latestSeconds: Gauge;
  readonly #averageSeconds: Gauge;
  readonly #maxSeconds: Gauge;
  readonly #minSeconds: Gauge;
  readonly #seconds: Histogram;
  #count = 0;
  #sumSeconds = 0;
  #highestSeconds = 0;
  #lowestSeconds = Number.POSITIVE_INFINITY;

  constructor(registry: Registry, operation: 'allocation' | 'release') {
    const registers = [registry];
    const prefix = `spiderpool_ipam_${operation}`;
    const gauge = (which: string): Gauge =>
      new Gauge({
        name: `${prefix}_${which}_duration_seconds`,
        help: `${which} duration of an IPAM ${operation} in seconds, since the start of the process`,
        registers,
      });
    this.#total = new Counter({
      name: `${prefix}_counts_total`,
      help: `IPAM ${operation} requests`,
      registers,
    });
    this.#failures = new Counter({
      name: `${prefix}_failure_counts_total`,
      help: `IPAM ${operation} requests that failed`,
      registers,
    });
    this.#latestSeconds = gauge('latest');
    this.#averageSeconds = gauge('average');
    this.#maxSeconds = gauge('max');
    this.#minSeconds = gauge('min');
    this.#seconds = new Histogram({
      name: `${prefix}_duration_seconds`,
      help: `Durations of IPAM ${operation} requests in seconds`,
      buckets: bucketsSeconds,
      registers,
    });
  }

  /** Counts one request that took this long. */
  observe(durationSeconds: number, succeeded: boolean): void {
    this.#count += 1;
    this.#sumSeconds += durationSeconds;
    this.#highestSeconds = Math.max(this.#highestSeconds, durationSeconds);
    this.#lowestSeconds = Math.min(this.#lowestSeconds, durationSeconds);
    this.#total.inc();
    if (!succeeded) this.#failures.inc();
    this.#latestSeconds.set(durationSeconds);
    this.#averageSeconds.set(this.#sumSeconds / this.#count);
    this.#maxSeconds.set(this.#highestSeconds);
    this.#minSeconds.set(this.#lowestSeconds);
    this.#seconds.observe(durationSeconds);
  }
}

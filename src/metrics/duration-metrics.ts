import { Gauge, Histogram, type Registry } from 'prom-client';

/** Bounds of the histograms in seconds: the original's, plus finer ones below 100 ms, where this agent works. */
const bucketsSeconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 1, 3, 5, 7, 10, 15];

/** Names and words of one kind of duration. */
export interface DurationMetricsOptions {
  /** Such as `spiderpool_ipam_allocation`. */
  readonly prefix: string;
  /** What stands before `duration_seconds`, such as `limit_`. @default '' */
  readonly infix?: string;
  /** What takes that long, for the help text. */
  readonly what: string;
}

/** A duration in the original's form: gauges for latest, average, maximum and minimum since the start, and a histogram. */
export class DurationMetrics {
  readonly #latest: Gauge;
  readonly #average: Gauge;
  readonly #max: Gauge;
  readonly #min: Gauge;
  readonly #histogram: Histogram;
  #count = 0;
  #sumSeconds = 0;
  #highestSeconds = 0;
  #lowestSeconds = Number.POSITIVE_INFINITY;

  constructor(registry: Registry, { prefix, infix = '', what }: DurationMetricsOptions) {
    const registers = [registry];
    const gauge = (which: string): Gauge => {
      const name = `${prefix}_${which}_${infix}duration_seconds`;
      return new Gauge({
        name,
        help: `The ${which} duration of ${what} since the start, in seconds`,
        registers,
      });
    };
    this.#latest = gauge('latest');
    this.#average = gauge('average');
    this.#max = gauge('max');
    this.#min = gauge('min');
    this.#histogram = new Histogram({
      name: `${prefix}_${infix}duration_seconds`,
      help: `Durations of ${what} in seconds`,
      buckets: bucketsSeconds,
      registers,
    });
  }

  observe(seconds: number): void {
    this.#count += 1;
    this.#sumSeconds += seconds;
    this.#highestSeconds = Math.max(this.#highestSeconds, seconds);
    this.#lowestSeconds = Math.min(this.#lowestSeconds, seconds);
    this.#latest.set(seconds);
    this.#average.set(this.#sumSeconds / this.#count);
    this.#max.set(this.#highestSeconds);
    this.#min.set(this.#lowestSeconds);
    this.#histogram.observe(seconds);
  }
}

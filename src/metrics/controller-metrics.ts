import { Counter, Registry } from 'prom-client';

/** The controller's metrics, with the names that the original documents. */
export class ControllerMetrics {
  readonly registry = new Registry();
  readonly #collected = new Counter({
    name: 'spiderpool_ip_gc_counts_total',
    help: 'Addresses freed by the garbage collection',
    registers: [this.registry],
  });
  readonly #collectionFailures = new Counter({
    name: 'spiderpool_ip_gc_failure_counts_total',
    help: 'Addresses that the garbage collection could not free, and passes of it that failed',
    registers: [this.registry],
  });

  /** Counts addresses that the garbage collection freed. */
  collected(addresses: number): void {
    this.#collected.inc(addresses);
  }

  /** Counts something that the garbage collection could not do now. */
  collectionFailed(): void {
    this.#collectionFailures.inc();
  }
}

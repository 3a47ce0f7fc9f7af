import { Counter, Gauge, Registry } from 'prom-client';

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
  readonly #unreadableSlots = new Gauge({
    name: 'spiderpool_ip_gc_unreadable_slots',
    help: 'Slots of address blocks that can not be read: their addresses are neither given out nor freed',
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

  /** Tells how many slots the garbage collection could not read in its last pass. */
  unreadableSlots(slots: number): void {
    this.#unreadableSlots.set(slots);
  }
}

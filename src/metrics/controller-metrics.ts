import { Counter, Gauge, Registry } from 'prom-client';
import { addProcessMetrics } from './process-metrics.ts';

/**
 * Pools and subnets that have series of their own; a time series costs a server of Prometheus some kilobytes of memory, and each pool
 * has six.
 */
const labelledMax = 1_000;

/** The name under which all others are summed up. No object can have it: names have no underscore. */
const othersName = '_other';

/** How the addresses of a pool are used. */
export interface PoolFigures {
  readonly name: string;
  readonly total: bigint;
  readonly allocated: number;
  readonly free: bigint;
  readonly cooling: number;
  readonly suspect: number;
  readonly reserved: bigint;
}

/** How a SpiderSubnet is distributed. */
export interface SubnetFigures {
  readonly name: string;
  readonly total: bigint;
  /** Addresses that pools have. */
  readonly allocated: bigint;
  readonly pools: number;
}

/** What the leader knows; asked at each scrape. */
export interface LeaderFigures {
  readonly pools: () => readonly PoolFigures[];
  readonly subnets: () => readonly SubnetFigures[];
}

export interface ControllerMetricsOptions {
  /** Has the original's debug metrics, which say again what others say. @default false */
  readonly debug?: boolean;
}

/** What is told of each pool, with the words for it. */
const poolGauges = {
  total: 'Addresses of a pool: its ips without excludeIPs',
  allocated: 'Addresses of a pool that are in use',
  free: 'Addresses of a pool that can be given, without those that rest',
  cooling: 'Addresses of a pool that were released a short while ago and rest',
  suspect: 'Addresses of a pool that were freed while their node was away and may still answer',
  reserved: 'Addresses of a pool that SpiderReservedIPs take away',
} as const satisfies Partial<Record<keyof PoolFigures, string>>;

/** The controller's metrics, with the names that the original documents. What only the leader knows, only the leader has. */
export class ControllerMetrics {
  readonly registry = new Registry();
  #figures: LeaderFigures | undefined;
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
  readonly #lastCollection = this.#emptyGauge(
    'spiderpool_ip_gc_last_pass_timestamp_seconds',
    'When the garbage collection last went over all records, in seconds since the epoch',
  );
  readonly #pools = this.#objectGauge('spiderpool_total_ippool_counts', 'SpiderIPPools');
  readonly #subnets = this.#objectGauge('spiderpool_total_subnet_counts', 'SpiderSubnets');

  constructor({ debug = false }: ControllerMetricsOptions = {}) {
    for (const [what, help] of Object.entries(poolGauges)) {
      const valueOf = (pool: PoolFigures): number => Number(pool[what as keyof typeof poolGauges]);
      this.#poolGauge({ name: `spiderpool_ippool_${what}_ips`, help, label: 'ippool' }, valueOf);
    }
    addProcessMetrics(this.registry);
    if (debug) this.#addDebugMetrics();
  }

  /** Counts addresses that the garbage collection freed. */
  collected(addresses: number): void {
    this.#collected.inc(addresses);
  }

  /** Counts something that the garbage collection could not do now. */
  collectionFailed(): void {
    this.#collectionFailures.inc();
  }

  /** Notes the end of a pass of the garbage collection, whether it could free all it wanted to or not. */
  collectionPassed(): void {
    this.#lastCollection.set(Date.now() / 1_000);
  }

  /** Tells how many slots the garbage collection could not read in its last pass. */
  unreadableSlots(slots: number): void {
    this.#unreadableSlots.set(slots);
  }

  /** Tells from now on what the leader knows. */
  lead(figures: LeaderFigures): void {
    this.#figures = figures;
  }

  /** Tells no more what only a leader knows. */
  follow(): void {
    this.#figures = undefined;
    this.#pools.remove();
    this.#subnets.remove();
    this.#lastCollection.remove();
  }

  /** Tells how many objects there are. */
  objects(kind: 'pools' | 'subnets', count: number): void {
    (kind === 'pools' ? this.#pools : this.#subnets).set(count);
  }

  #addDebugMetrics(): void {
    const pool = (which: string, help: string, valueOf: (pool: PoolFigures) => number): void => {
      this.#poolGauge({ name: `spiderpool_debug_ippool_${which}`, help, label: 'SpiderIPPool' }, valueOf);
    };
    const subnet = (which: string, help: string, valueOf: (subnet: SubnetFigures) => number): void => {
      const name = `spiderpool_debug_subnet_${which}`;
      const figures = (): readonly SubnetFigures[] => this.#figures?.subnets() ?? [];
      this.#gauge({ name, help, label: 'SpiderSubnet' }, figures, valueOf);
    };
    pool('total_ip_counts', 'Addresses of a pool', ({ total }) => Number(total));
    pool('available_ip_counts', 'Addresses of a pool that are not in use', available);
    subnet('total_ip_counts', 'Addresses of a SpiderSubnet', ({ total }) => Number(total));
    subnet('available_ip_counts', 'Addresses of a SpiderSubnet that no pool has', available);
    subnet('ippool_counts', 'Pools of a SpiderSubnet', ({ pools }) => pools);
  }

  #objectGauge(name: string, what: string): Gauge {
    return this.#emptyGauge(name, `Number of ${what}`);
  }

  #emptyGauge(name: string, help: string): Gauge {
    const gauge = new Gauge({ name, help, registers: [this.registry] });
    // A gauge without labels begins at 0, which would be the word of a follower.
    gauge.remove();
    return gauge;
  }

  #poolGauge(names: GaugeNames, valueOf: (pool: PoolFigures) => number): void {
    this.#gauge(names, () => this.#figures?.pools() ?? [], valueOf);
  }

  /** A gauge whose series are made at each scrape: those of objects that are gone vanish. */
  #gauge<T extends { readonly name: string }>(
    { name, help, label }: GaugeNames,
    figures: () => readonly T[],
    valueOf: (figures: T) => number,
  ): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        const sorted = figures().toSorted((a, b) => (a.name < b.name ? -1 : 1));
        for (const one of sorted.slice(0, labelledMax)) gauge.set({ [label]: one.name }, valueOf(one));
        const others = sorted.slice(labelledMax);
        if (others.length === 0) return;
        gauge.set(
          { [label]: othersName },
          others.reduce((sum, one) => sum + valueOf(one), 0),
        );
      },
    });
  }
}

function available({ total, allocated }: PoolFigures | SubnetFigures): number {
  return Math.max(0, Number(total) - Number(allocated));
}

interface GaugeNames {
  readonly name: string;
  readonly help: string;
  /** Name of the label whose values are the objects' names. */
  readonly label: string;
}

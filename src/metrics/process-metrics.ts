import { Counter, Gauge, type Registry } from 'prom-client';

const microsecondsPerSecond = 1e6;
const millisecondsPerSecond = 1_000;

/**
 * Adds what a process tells of itself, under the names that the client libraries of Prometheus have in common. Read at each scrape: at
 * rest it costs nothing.
 */
export function addProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const cpu: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process, user and system, in seconds',
    registers,
    collect: () => {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / microsecondsPerSecond);
    },
  });
  const memory: Gauge = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process in bytes',
    registers,
    collect: () => memory.set(process.memoryUsage.rss()),
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process was started, in seconds since the epoch',
    registers,
  }).set(Date.now() / millisecondsPerSecond - process.uptime());
}

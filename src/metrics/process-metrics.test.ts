import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { addProcessMetrics } from './process-metrics.ts';

async function values(registry: Registry): Promise<Readonly<Record<string, number | undefined>>> {
  const metrics = await registry.getMetricsAsJSON();
  return Object.fromEntries(metrics.map(({ name, values: [first] }) => [name, first?.value]));
}

test('addProcessMetrics() tells CPU time, memory and start of this process, anew at each scrape', async () => {
  const registry = new Registry();
  addProcessMetrics(registry);
  const first = await values(registry);
  assert.deepEqual(Object.keys(first).sort(), [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
  ]);
  const cpuAt = process.cpuUsage();
  while (process.cpuUsage(cpuAt).user < 20_000);
  const second = await values(registry);
  const { process_cpu_seconds_total: cpuBefore = Number.NaN } = first;
  const { process_cpu_seconds_total: cpuNow = Number.NaN } = second;
  assert.ok(cpuNow >= cpuBefore + 0.02, `${cpuNow} s after ${cpuBefore} s`);
  assert.ok((second['process_resident_memory_bytes'] ?? 0) > 1_000_000);
  const startedMs = (second['process_start_time_seconds'] ?? 0) * 1_000;
  assert.ok(startedMs <= Date.now() && startedMs > Date.now() - process.uptime() * 1_000 - 60_000);
  assert.equal(first['process_start_time_seconds'], second['process_start_time_seconds']);
});

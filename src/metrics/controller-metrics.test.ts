import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControllerMetrics, type PoolFigures } from './controller-metrics.ts';

function figures(name: string, more: Partial<PoolFigures> = {}): PoolFigures {
  return { name, total: 10n, allocated: 1, free: 6n, cooling: 2, suspect: 1, reserved: 0n, ...more };
}

/** The series of what only a leader knows. */
async function leaderSeries(metrics: ControllerMetrics): Promise<readonly string[]> {
  const lines = (await metrics.registry.metrics()).split('\n');
  return lines.filter((line) => /^spiderpool_(ippool|total|debug)_/.test(line));
}

test('ControllerMetrics has no series of the leader until it leads, nor when it leads no more', async () => {
  const metrics = new ControllerMetrics({ debug: true });
  assert.deepEqual(await leaderSeries(metrics), []);
  const subnets = [{ name: 'net', total: 100n, allocated: 30n, pools: 2 }];
  metrics.lead({ pools: () => [figures('a')], subnets: () => subnets });
  metrics.objects('pools', 1);
  metrics.objects('subnets', 0);
  assert.deepEqual(await leaderSeries(metrics), [
    'spiderpool_total_ippool_counts 1',
    'spiderpool_total_subnet_counts 0',
    'spiderpool_ippool_total_ips{ippool="a"} 10',
    'spiderpool_ippool_allocated_ips{ippool="a"} 1',
    'spiderpool_ippool_free_ips{ippool="a"} 6',
    'spiderpool_ippool_cooling_ips{ippool="a"} 2',
    'spiderpool_ippool_suspect_ips{ippool="a"} 1',
    'spiderpool_ippool_reserved_ips{ippool="a"} 0',
    'spiderpool_debug_ippool_total_ip_counts{SpiderIPPool="a"} 10',
    'spiderpool_debug_ippool_available_ip_counts{SpiderIPPool="a"} 9',
    'spiderpool_debug_subnet_total_ip_counts{SpiderSubnet="net"} 100',
    'spiderpool_debug_subnet_available_ip_counts{SpiderSubnet="net"} 70',
    'spiderpool_debug_subnet_ippool_counts{SpiderSubnet="net"} 2',
  ]);
  metrics.follow();
  assert.deepEqual(await leaderSeries(metrics), []);
});

test('ControllerMetrics.collectionPassed() tells when, until it leads no more', async () => {
  const metrics = new ControllerMetrics();
  const name = 'spiderpool_ip_gc_last_pass_timestamp_seconds';
  const passes = async (): Promise<readonly string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  assert.deepEqual(await passes(), []);
  const beforeMs = Date.now();
  metrics.collectionPassed();
  const [line = ''] = await passes();
  assert.ok(Number(line.split(' ')[1]) * 1_000 >= beforeMs - 1);
  metrics.follow();
  assert.deepEqual(await passes(), []);
});

test('ControllerMetrics lets the series of a deleted pool vanish', async () => {
  const pools = [figures('a'), figures('b')];
  const metrics = new ControllerMetrics();
  metrics.lead({ pools: () => pools, subnets: () => [] });
  assert.ok((await leaderSeries(metrics)).includes('spiderpool_ippool_free_ips{ippool="b"} 6'));
  pools.pop();
  assert.ok((await leaderSeries(metrics)).every((line) => !line.includes('"b"')));
});

test('ControllerMetrics sums up the pools beyond its limit, and tells huge counts as good as a float can', async () => {
  const pools = Array.from({ length: 1_002 }, (_, index) => figures(`p${String(index).padStart(4, '0')}`));
  const metrics = new ControllerMetrics();
  metrics.lead({ pools: () => [figures('huge', { total: 2n ** 80n }), ...pools], subnets: () => [] });
  const series = await leaderSeries(metrics);
  const totals = series.filter((line) => line.startsWith('spiderpool_ippool_total_ips'));
  assert.equal(totals.length, 1_001);
  assert.equal(totals.at(-1), 'spiderpool_ippool_total_ips{ippool="_other"} 30');
  assert.equal(totals[0], `spiderpool_ippool_total_ips{ippool="huge"} ${String(2 ** 80)}`);
});

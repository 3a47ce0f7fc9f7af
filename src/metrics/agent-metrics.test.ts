import assert from 'node:assert/strict';
import test from 'node:test';
import { CniCode, CniError, type CniErrorCode } from '../cni/error.ts';
import { AgentMetrics } from './agent-metrics.ts';

async function valueOf(metrics: AgentMetrics, name: string): Promise<number | undefined> {
  const found = await metrics.registry.getSingleMetric(name)?.get();
  return found?.values[0]?.value;
}

test('AgentMetrics has the documented names from the start, all at zero', async () => {
  const metrics = new AgentMetrics();
  const text = await metrics.registry.metrics();
  const names = [
    'spiderpool_ipam_allocation_counts_total',
    'spiderpool_ipam_allocation_failure_counts_total',
    'spiderpool_ipam_allocation_err_internal_counts_total',
    'spiderpool_ipam_allocation_err_no_available_pool_counts_total',
    'spiderpool_ipam_allocation_err_retries_exhausted_counts_total',
    'spiderpool_ipam_allocation_err_ip_used_out_counts_total',
    'spiderpool_ipam_release_counts_total',
    'spiderpool_ipam_release_failure_counts_total',
    'spiderpool_ipam_release_err_internal_counts_total',
    'spiderpool_ipam_release_err_retries_exhausted_counts_total',
    'spiderpool_ipam_allocation_update_ippool_conflict_counts_total',
    'spiderpool_ipam_release_update_ippool_conflict_counts_total',
    'spiderpool_ip_gc_counts_total',
    'spiderpool_ip_gc_failure_counts_total',
  ];
  for (const name of names) assert.match(text, new RegExp(`^${name} 0$`, 'm'));
  for (const which of ['average', 'max', 'min', 'latest']) {
    assert.match(text, new RegExp(`^spiderpool_ipam_allocation_${which}_duration_seconds 0$`, 'm'));
    assert.match(text, new RegExp(`^spiderpool_ipam_release_${which}_limit_duration_seconds 0$`, 'm'));
  }
  assert.match(text, /^spiderpool_ipam_allocation_duration_seconds_bucket\{le="0\.3"\} 0$/m);
});

test('AgentMetrics tells at each scrape whether the agent is ready', async () => {
  let isReady = false;
  const metrics = new AgentMetrics({ isReady: () => isReady });
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_ready'), 0);
  isReady = true;
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_ready'), 1);
});

test('AgentMetrics.addressConflicts() counts addresses', async () => {
  const metrics = new AgentMetrics();
  metrics.addressConflicts(0);
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_address_conflicts_total'), 0);
  metrics.addressConflicts(2);
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_address_conflicts_total'), 2);
});

test('AgentMetrics has the debug metric where it is asked for', async () => {
  const name = 'spiderpool_debug_auto_pool_waited_for_available_counts_total';
  assert.equal(await valueOf(new AgentMetrics({ debug: true }), name), 0);
  assert.equal(await valueOf(new AgentMetrics(), name), undefined);
});

test('AgentMetrics.timed() counts calls and failures and passes both on', async () => {
  const metrics = new AgentMetrics();
  const allocate = metrics.timed('allocation', (fails: boolean) =>
    fails ? Promise.reject(new Error('broken')) : Promise.resolve(7),
  );
  assert.equal(await allocate(false), 7);
  await assert.rejects(allocate(true), /broken/);
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_allocation_counts_total'), 2);
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_allocation_failure_counts_total'), 1);
  assert.equal(await valueOf(metrics, 'spiderpool_ipam_allocation_err_internal_counts_total'), 1);
});

test('AgentMetrics.timed() counts each failed allocation under the cause that the original names', async () => {
  const causes: readonly [CniErrorCode, string | undefined][] = [
    [CniCode.poolsExhausted, 'ip_used_out'],
    [CniCode.poolsFiltered, 'no_available_pool'],
    [CniCode.noPoolSelected, 'no_available_pool'],
    [CniCode.poolUnknown, 'no_available_pool'],
    [CniCode.tryAgainLater, 'retries_exhausted'],
    [CniCode.invalidConfig, undefined],
    [CniCode.requestedAddressRefused, undefined],
    [CniCode.ioFailure, 'internal'],
  ];
  for (const [code, expected] of causes) {
    const metrics = new AgentMetrics();
    const allocate = metrics.timed('allocation', () => Promise.reject(new CniError(code, 'no')));
    await assert.rejects(allocate());
    for (const cause of ['internal', 'no_available_pool', 'retries_exhausted', 'ip_used_out']) {
      const name = `spiderpool_ipam_allocation_err_${cause}_counts_total`;
      assert.equal(await valueOf(metrics, name), cause === expected ? 1 : 0, `code ${code}, ${cause}`);
    }
  }
});

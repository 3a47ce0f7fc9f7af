import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addsBetween, parseCniAdds } from './cni-metric.ts';

const name = 'containerd_cri_network_plugin_operations';

test('parseCniAdds() reads the metrics of containerd 1.6, and nothing of its DELs', () => {
  const text = [
    `# TYPE ${name}_duration_seconds_seconds histogram`,
    `${name}_duration_seconds_seconds_bucket{operation_type="set_up_pod",le="+Inf"} 3`,
    `${name}_duration_seconds_seconds_sum{operation_type="set_up_pod"} 0.75`,
    `${name}_duration_seconds_seconds_count{operation_type="set_up_pod"} 3`,
    `${name}_duration_seconds_seconds_sum{operation_type="tear_down_pod"} 9`,
    `${name}_errors_total_total{operation_type="set_up_pod"} 2`,
    `${name}_total_total{operation_type="set_up_pod"} 3`,
  ].join('\n');
  assert.deepEqual(parseCniAdds(text), { count: 3, seconds: 0.75, failures: 2 });
});

test('parseCniAdds() reads names that say their unit once', () => {
  const text = `${name}_duration_seconds_sum{operation_type="set_up_pod"} 1\n${name}_duration_seconds_count{operation_type="set_up_pod"} 4\n`;
  assert.deepEqual(parseCniAdds(text), { count: 4, seconds: 1, failures: 0 });
});

test('addsBetween() is what came since', () => {
  const before = parseCniAdds('');
  assert.deepEqual(before, { count: 0, seconds: 0, failures: 0 });
  const after = { count: 30, seconds: 3, failures: 1 };
  assert.deepEqual(addsBetween(before, after), after);
  assert.deepEqual(addsBetween(after, { count: 60, seconds: 7, failures: 1 }), {
    count: 30,
    seconds: 4,
    failures: 0,
  });
});

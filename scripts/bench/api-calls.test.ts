import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsBetween, countApiCalls } from './api-calls.ts';

const metrics = [
  '# HELP apiserver_request_total Counter of apiserver requests',
  'apiserver_request_total{code="200",group="spiderpool.spidernet.io",resource="spideripblocks",verb="PATCH"} 7',
  'apiserver_request_total{code="422",group="spiderpool.spidernet.io",resource="spideripblocks",verb="PATCH"} 2',
  'apiserver_request_total{code="200",group="",resource="pods",verb="GET"} 3',
  'apiserver_request_total{code="200",group="",resource="pods",verb="WATCH"} 50',
  'apiserver_request_total{code="200",group="",resource="nodes",verb="GET"} 100',
  'apiserver_response_sizes_sum{resource="spideripblocks",verb="PATCH"} 1.5e+06',
  'apiserver_request_body_size_bytes_sum{resource="spideripblocks",verb="patch"} 500',
  '',
].join('\n');

test('countApiCalls() counts refused writes, leaves watches and other resources out, and adds both directions', () => {
  assert.deepEqual(countApiCalls(metrics, ['spideripblocks', 'pods']), {
    reads: 3,
    writes: 9,
    bytes: 1_500_500,
  });
});

test('callsBetween() is the difference of two readings', () => {
  const before = { reads: 1, writes: 2, bytes: 3 };
  assert.deepEqual(callsBetween(before, { reads: 11, writes: 2, bytes: 4 }), {
    reads: 10,
    writes: 0,
    bytes: 1,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocation, nowMs } from '../wire/testing/shapes.ts';
import { allocationsTable, allocationsText } from './allocations-text.ts';

test('allocationsText() has a line for each record, and how to get the next page', () => {
  const allocations = [
    allocation('10.6.0.15'),
    allocation('10.6.0.16', {
      holders: [],
      owner: { kind: 'StatefulSet', namespace: 'default', name: 'db-0' },
    }),
  ];
  assert.equal(
    allocationsText({ allocations, next: '10.6.0.16' }, nowMs),
    [
      'ADDRESS    POOL      NETWORK        NIC   HELD BY                                 NODE      SANDBOX       AGE\n',
      '10.6.0.15  vlan6-v4  macvlan-vlan6  eth0  default/web-0                           worker-1  4f1d2c3b5a69   3m\n',
      '10.6.0.16  vlan6-v4  macvlan-vlan6  eth0  StatefulSet default/db-0 (no pod runs)                           3m\n',
      '\n',
      'there are more: ask again with after=10.6.0.16\n',
    ].join(''),
  );
});

test('allocationsText() tells of holders that outlive their pods', () => {
  const shown = allocation('10.6.0.15');
  const holders = shown.holders.map((holder) => ({ ...holder, outlivesPod: true as const }));
  const text = allocationsText({ allocations: [{ ...shown, holders }, allocation('10.6.0.16')] }, nowMs);
  assert.equal(
    text.slice(text.indexOf('\n\n')),
    '\n\n10.6.0.15: pod is gone, but its network namespace still exists on node worker-1: find and end what holds it\n',
  );
});

test('allocationsText() says so when nothing matches', () => {
  assert.equal(allocationsText({ allocations: [] }, nowMs), 'no allocated address matches\n');
  assert.equal(allocationsTable([], nowMs), '');
});

test('allocationsTable() keeps to the width of a terminal', () => {
  const table = allocationsTable([allocation('10.6.0.15', { pool: 'p'.repeat(60) })], nowMs, {
    widthMax: 100,
  });
  for (const line of table.split('\n')) assert.ok(line.length <= 100, line);
});

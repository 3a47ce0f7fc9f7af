import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pool } from '../wire/testing/shapes.ts';
import { poolsNotes, poolsTable, poolsText } from './pools-text.ts';

const conditions = [{ type: 'Overlap', message: 'with \u001b[2J' }];

test('poolsText() has the table, and conditions and problems below it', () => {
  const pools = [pool('a', { default: true }), pool('b', { free: 0n, disabled: true, conditions })];
  assert.equal(
    poolsText({ pools, problems: ['c.yaml: no pool'] }),
    [
      'NAME  SUBNET       TOTAL  ALLOCATED  FREE  COOLING  RESERVED  EXCLUDED  DEFAULT  STATE\n',
      'a     10.6.0.0/24     10          3     5        2         0         4  yes      ok\n',
      'b     10.6.0.0/24     10          3     0        2         0         4  no       disabled,Overlap\n',
      '\n',
      'pool b: Overlap: with \\u001b[2J\n',
      'problem: c.yaml: no pool\n',
    ].join(''),
  );
});

test('poolsText() is the table alone when there is nothing to say', () => {
  const shape = { pools: [pool('a')], problems: [] };
  assert.equal(poolsText(shape), poolsTable(shape));
});

test('poolsNotes() says what to do when there are no pools', () => {
  const shape = { pools: [], problems: ['c.yaml: no pool'] };
  assert.equal(poolsTable(shape), '');
  assert.deepEqual(poolsNotes(shape), [
    'problem: c.yaml: no pool',
    'the agent has no pools: write SpiderIPPool manifests into its folder of pools',
  ]);
});

test('poolsTable() styles what needs a look', () => {
  const painted: string[] = [];
  const pools = [pool('a', { free: 0n, conditions })];
  poolsTable(
    { pools, problems: [] },
    { paint: (style, text) => (painted.push(`${style} ${text.trim()}`), text) },
  );
  assert.ok(painted.includes('red 0'), painted.join());
  assert.ok(painted.includes('yellow Overlap'), painted.join());
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber, formatSpread, formatTable } from './format.ts';

test('formatNumber() keeps three digits and groups thousands', () => {
  assert.deepEqual([0, 1.234, 12.345, 123.45, 1234.5, 1234567].map(formatNumber), [
    '0.00',
    '1.23',
    '12.3',
    '123',
    '1,235',
    '1,234,567',
  ]);
});

test('formatSpread() shows the bounds', () => {
  assert.equal(formatSpread({ median: 3.14, min: 3, max: 12.5 }), '3.14 (3.00–12.5)');
});

test('formatTable() aligns names to the left and figures to the right', () => {
  const table = {
    title: 'unused here',
    columns: ['pool', 'ns'],
    rows: [
      ['/24', '12'],
      ['a longer name', '1,234'],
    ],
  };
  assert.equal(
    formatTable(table),
    [
      '| pool          |    ns |',
      '| ------------- | ----: |',
      '| /24           |    12 |',
      '| a longer name | 1,234 |',
    ].join('\n'),
  );
});

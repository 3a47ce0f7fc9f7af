import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Column, formatTable, wrapText } from './table.ts';

const columns: readonly Column[] = [
  { title: 'NAME', fit: 'cut' },
  { title: 'TOTAL', align: 'right' },
  { title: 'REASON', fit: 'wrap' },
];

test('formatTable() aligns texts left, numbers right, and leaves no blanks at the end of a line', () => {
  assert.equal(
    formatTable(columns, [
      ['a', '9', ''],
      ['pool-b', '9223372036854775807', 'full'],
    ]),
    [
      'NAME                  TOTAL  REASON\n',
      'a                         9\n',
      'pool-b  9223372036854775807  full\n',
    ].join(''),
  );
});

test('formatTable() prints the header alone for no rows, and nothing without a header', () => {
  assert.equal(formatTable(columns, []), 'NAME  TOTAL  REASON\n');
  assert.equal(formatTable(columns, [], { header: false }), '');
});

test('formatTable() cuts in the middle and wraps at blanks when the terminal is narrow', () => {
  const rows = [['default/web-7d9f6c5b4d-x2kqj', '1', 'has nodeName worker-1, and the node is worker-2']];
  assert.equal(
    formatTable(columns, rows, { widthMax: 50 }),
    [
      'NAME                  TOTAL  REASON\n',
      'default/we…b4d-x2kqj      1  has nodeName\n',
      '                             worker-1, and the\n',
      '                             node is worker-2\n',
    ].join(''),
  );
});

test('formatTable() leaves a table alone that fits exactly', () => {
  const row = [['n'.repeat(30), '1', 'x']];
  assert.equal(formatTable(columns, row, { widthMax: 45 }), formatTable(columns, row));
});

test('formatTable() escapes control characters and counts the escapes as places', () => {
  assert.equal(
    formatTable(columns, [['\u001b[2J', '1', 'a\nb']]),
    'NAME       TOTAL  REASON\n\\u001b[2J      1  a\\u000ab\n',
  );
});

test('formatTable() paints texts and not the blanks around them', () => {
  const painted = formatTable(
    [{ title: 'N', align: 'right' }, { title: 'S' }],
    [[{ text: '0', style: 'red' }, 'x']],
    {
      paint: (style, text) => `<${style}>${text}</${style}>`,
    },
  );
  assert.equal(painted, '<bold>N</bold>  <bold>S</bold>\n<red>0</red>  x\n');
});

const cell = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 20 }));
const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 });

test('formatTable() starts each column at one place in all lines when nothing is cut', () => {
  const word = fc.stringMatching(/^[a-z]{1,20}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word, word), { minLength: 1, maxLength: 8 }), (words) => {
      const leftColumns = ['A', 'B', 'C'].map((title) => ({ title }));
      const lines = formatTable(leftColumns, words).split('\n').slice(0, -1);
      const starts = lines.map((line) => [...line.matchAll(/\S+/g)].map(({ index }) => index));
      for (const start of starts) assert.deepEqual(start, starts[0]);
      assert.deepEqual(
        lines.slice(1).map((line) => line.split(/ +/)),
        words,
      );
    }),
  );
});

test('formatTable() never prints a control character, and keeps flexible columns within the width', () => {
  const flexible = columns.map(({ title }): Column => ({ title, fit: title === 'REASON' ? 'wrap' : 'cut' }));
  fc.assert(
    fc.property(rows, fc.integer({ min: 40, max: 120 }), (table, widthMax) => {
      const text = formatTable(flexible, table, { widthMax });
      // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      for (const line of text.split('\n')) assert.ok(Array.from(line).length <= widthMax, line);
    }),
  );
});

test('wrapText() loses nothing but the blanks it breaks at', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const lines = wrapText(text, width);
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
      for (const line of lines) assert.ok(Array.from(line).length <= width);
    }),
  );
});

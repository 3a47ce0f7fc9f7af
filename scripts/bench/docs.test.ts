import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocsMarkerError, docsParts, replaceParts } from './docs.ts';
import type { Report } from './report.ts';

const page =
  'before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nbetween\n<!-- bench:b --><!-- /bench:b -->\nafter\n';

test('replaceParts() changes only what stands between the markers', () => {
  const parts = new Map([
    ['b', 'second'],
    ['a', 'first'],
  ]);
  assert.equal(
    replaceParts(page, parts),
    'before\n<!-- bench:a -->\nfirst\n<!-- /bench:a -->\nbetween\n<!-- bench:b -->\nsecond\n<!-- /bench:b -->\nafter\n',
  );
});

test('replaceParts() comes to the same page when it is done again', () => {
  const parts = new Map([['a', '$1 `$&`']]);
  const once = replaceParts(page, parts);
  assert.equal(replaceParts(once, parts), once);
  assert.match(once, /\$1 `\$&`/);
});

test('replaceParts() refuses a page without a place for a part', () => {
  assert.throws(() => replaceParts(page, new Map([['c', 'x']])), DocsMarkerError);
  assert.throws(
    () => replaceParts('<!-- /bench:a --> <!-- bench:a -->', new Map([['a', 'x']])),
    DocsMarkerError,
  );
});

test('docsParts() of some sections keeps the other targets of the page, and the machine of the last whole run', () => {
  const targets = [
    { what: 'kept anew', wanted: '1', measured: '3', met: true },
    { what: 'new', wanted: '1', measured: '4', met: false },
  ];
  const report = {
    machine: {},
    startedAt: '',
    durationSeconds: 0,
    quick: false,
    sections: [{ id: 'a', title: 'A', tables: [], targets, data: undefined }],
  } as unknown as Report;
  const before =
    '<!-- bench:targets -->\n| target | | | |\n|---|---|---|---|\n| other | 1 | 1 | met |\n| kept anew | 1 | 2 | met |\n<!-- /bench:targets -->';
  const parts = docsParts(report, before);
  assert.deepEqual([...parts.keys()], ['targets', 'a']);
  const rows = (parts.get('targets') ?? '').split('\n').slice(2);
  assert.deepEqual(
    rows.map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 4),
    ),
    [
      ['other', '1', '1'],
      ['kept anew', '1', '3'],
      ['new', '1', '4'],
    ],
  );
});

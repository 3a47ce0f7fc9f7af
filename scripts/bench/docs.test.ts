import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocsMarkerError, replaceParts } from './docs.ts';

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

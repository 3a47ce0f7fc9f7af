import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchArgumentsError, parseBenchArguments } from './options.ts';

test('parseBenchArguments() runs everything unless told otherwise', () => {
  assert.deepEqual(parseBenchArguments([]), {
    sections: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
    quick: false,
    updateDocs: false,
  });
});

test('parseBenchArguments() keeps the order of the sections', () => {
  assert.deepEqual(parseBenchArguments(['--quick', '--only', 'd, b']), {
    sections: ['b', 'd'],
    quick: true,
    updateDocs: false,
  });
});

test('parseBenchArguments() refuses what it does not know', () => {
  assert.throws(() => parseBenchArguments(['--fast']), BenchArgumentsError);
  assert.throws(() => parseBenchArguments(['--only']), BenchArgumentsError);
  assert.throws(() => parseBenchArguments(['--only', 'a,x']), /not "x"/);
});

test('parseBenchArguments() lets no quick run into the documentation', () => {
  assert.equal(parseBenchArguments(['--update-docs']).updateDocs, true);
  assert.throws(() => parseBenchArguments(['--update-docs', '--quick']), BenchArgumentsError);
  assert.deepEqual(parseBenchArguments(['--only', 'a', '--update-docs']).sections, ['a']);
});

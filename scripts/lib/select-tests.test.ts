import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTestArguments, selectTests, TestArgumentsError } from './select-tests.ts';

const files = ['test/support/b.test.ts', 'src/ip/range.test.ts', 'daemon/agent/a.test.ts'];

test('parseTestArguments() reads paths and the suite', () => {
  assert.deepEqual(parseTestArguments(['--only', 'unit', './src/ip', 'daemon']), {
    only: 'unit',
    filters: ['./src/ip', 'daemon'],
  });
  assert.deepEqual(parseTestArguments([]), { only: undefined, filters: [] });
});

test('parseTestArguments() refuses what it does not know', () => {
  assert.throws(() => parseTestArguments(['--watch']), TestArgumentsError);
  assert.throws(() => parseTestArguments(['--only']), TestArgumentsError);
  assert.throws(() => parseTestArguments(['--only', 'fast']), /"unit" or "integration", not "fast"/);
});

test('selectTests() puts the unit suites before the integration suites', () => {
  assert.deepEqual(selectTests(files, { only: undefined, filters: [] }), [
    'daemon/agent/a.test.ts',
    'src/ip/range.test.ts',
    'test/support/b.test.ts',
  ]);
});

test('selectTests() keeps one suite', () => {
  assert.deepEqual(selectTests(files, { only: 'integration', filters: [] }), ['test/support/b.test.ts']);
});

test('selectTests() takes folders, tests and sources as filters', () => {
  const select = (...filters: readonly string[]): readonly string[] =>
    selectTests(files, { only: undefined, filters });
  assert.deepEqual(select('src/ip', 'nowhere'), ['src/ip/range.test.ts']);
  assert.deepEqual(select('./daemon/'), ['daemon/agent/a.test.ts']);
  assert.deepEqual(select('src/ip/range.ts'), ['src/ip/range.test.ts']);
  assert.deepEqual(select('src/ip/range.test.ts', 'test'), [
    'src/ip/range.test.ts',
    'test/support/b.test.ts',
  ]);
  assert.deepEqual(select('src/i', 'support', '.test.ts'), []);
});

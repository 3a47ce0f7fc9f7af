import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { collectTotals, reportTotals, sumTotals, totalsText } from './totals.ts';

test('totalsText() ends with the line that people look for', () => {
  assert.equal(
    totalsText({ passed: 3, failed: 1, skipped: 2 }),
    '# tests 6\n# pass 3\n# fail 1\n# skipped 2\n3 passed, 1 failed',
  );
});

test('sumTotals() adds up', () => {
  const part = { passed: 1, failed: 2, skipped: 3 };
  assert.deepEqual(sumTotals([part, part]), { passed: 2, failed: 4, skipped: 6 });
  assert.deepEqual(sumTotals([]), { passed: 0, failed: 0, skipped: 0 });
});

test('collectTotals() sums what reportTotals() has written', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'totals');
  const env = { SPIDERPOOL_TOTALS_FILE: file };
  reportTotals('test', { passed: 5, failed: 0, skipped: 1 }, env);
  reportTotals('e2e', { passed: 2, failed: 1, skipped: 0 }, env);
  assert.deepEqual(collectTotals(await readFile(file, 'utf8'), ['test', 'e2e']), {
    passed: 7,
    failed: 1,
    skipped: 1,
  });
});

test('collectTotals() counts a part that never told as failed', () => {
  const text = '{"part":"test","passed":5,"failed":0,"skipped":0}\n';
  assert.deepEqual(collectTotals(text, ['test', 'e2e']), { passed: 5, failed: 1, skipped: 0 });
});

test('reportTotals() does nothing where nobody collects', () => {
  reportTotals('test', { passed: 1, failed: 0, skipped: 0 }, {});
});

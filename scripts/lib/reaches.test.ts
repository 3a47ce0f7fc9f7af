import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reaches } from './reaches.ts';

const imports = new Map([
  ['a.test.ts', ['a.ts', 'node:test']],
  ['a.ts', ['b.ts']],
  ['b.ts', ['a.ts', 'tool.ts']],
  ['c.test.ts', ['c.ts']],
  ['c.ts', ['c.test.ts']],
]);

test('reaches() follows imports of imports, in circles too', () => {
  assert.equal(reaches(['a.test.ts'], 'tool.ts', imports), true);
  assert.equal(reaches(['c.test.ts'], 'tool.ts', imports), false);
  assert.equal(reaches(['c.test.ts', 'a.test.ts'], 'tool.ts', imports), true);
  assert.equal(reaches([], 'tool.ts', imports), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNotes } from './with-notes.ts';

test('withNotes() keeps table and notes apart, and leaves out what is not there', () => {
  assert.equal(withNotes('table\n', ['one', 'two\u001b[2J']), 'table\n\none\ntwo\\u001b[2J\n');
  assert.equal(withNotes('table\n', []), 'table\n');
  assert.equal(withNotes('', ['one']), 'one\n');
  assert.equal(withNotes('', []), '');
});

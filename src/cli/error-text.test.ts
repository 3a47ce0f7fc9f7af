import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorText } from './error-text.ts';

test('errorText() has the details behind the message', () => {
  assert.equal(errorText({ code: 7, msg: 'why' }), 'why');
  assert.equal(errorText({ code: 7, msg: 'why', details: 'where' }), 'why (where)');
});

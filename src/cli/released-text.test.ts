import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocation, nowMs } from '../wire/testing/shapes.ts';
import { releasedText } from './released-text.ts';

test('releasedText() tells from whom, and for how long it was held', () => {
  const released = allocation('10.6.0.15', { pool: 'a\nb' });
  assert.equal(
    releasedText({ released }, nowMs),
    'released 10.6.0.15 of pool a\\u000ab from default/web-0 (held for 3m)\n',
  );
});
